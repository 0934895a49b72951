"""How a state of the workflow calls its function: the waiting, the retries and the way out of a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import (
    Duration,
    aws_lambda as lambda_,
    aws_stepfunctions as sfn,
    aws_stepfunctions_tasks as tasks,
)
from constructs import Construct

RUN_ID = "{% $states.context.Execution.Input.run_id %}"
PAYLOAD = "{% $states.result.Payload %}"

LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Runtime.ExitError",
]
"""Trouble of the Lambda service, and functions that died: all they do is idempotent, so it is done again."""

TIMED_OUT = ["Sandbox.Timedout"]
"""A function that used up its time: once more, for a slow neighbour; more would cost and change nothing."""

TRANSIENT = ["Throttled", "ServiceUnavailable"]
RETRY_WHILE_IN_USE = {"Promote", "RetireCandidate", "RollBack", "ReleaseRun"}

# A function's Cause is JSON with a stack trace, of which people want the sentence; a timeout has no Cause.
# Only a whole document is parsed: Step Functions cuts long ones, services quote JSON in theirs, and an
# expression that fails here would end the execution with nothing released.
CAUSE = (
    "($cause := $states.errorOutput.Cause; $exists($cause) ? "
    "($substring($cause, 0, 1) = '{' and $substring($cause, -1) = '}' "
    "and $contains($cause, '\"errorMessage\"') "
    "? $parse($cause).errorMessage : $cause) : 'The state timed out')"
)
FAILED = {
    "status": "FAILED",
    "failure": {"error": "{% $states.errorOutput.Error %}", "cause": f"{{% {CAUSE} %}}"},
}


class WorkflowTasks:
    """Makes the Tasks of a workflow within `scope`, each invoking the function of its own name.

    `release` is the state that a failure leads to unless a Task says otherwise; set once that state exists.
    """

    def __init__(self, scope: Construct, functions: Mapping[str, lambda_.Function]) -> None:
        self._scope = scope
        self._functions = functions
        self.release: sfn.IChainable | None = None

    def invoke(
        self,
        name: str,
        payload: Mapping[str, Any],
        *,
        waits: Duration | None = None,
        assign: Mapping[str, Any] | None = None,
        outputs: str | None = None,
        catch: sfn.IChainable | None = None,
        on_failure: Mapping[str, Any] | None = None,
        is_in_map: bool = False,
    ) -> tasks.LambdaInvoke:
        """A state that invokes the function of its name, and with `waits` waits that long for its token.

        On failure `on_failure` is assigned and `catch` comes next. A Task inside a Map fails its Map instead:
        no Catch leads out of one.
        """
        function = self._functions[name]
        answer = {} if waits is None else {"task_token": "{% $states.context.Task.Token %}"}
        assert function.timeout is not None
        task = tasks.LambdaInvoke.jsonata(
            self._scope,
            name,
            lambda_function=function,
            payload=sfn.TaskInput.from_object({"run_id": RUN_ID, **payload, **answer}),
            integration_pattern=None if waits is None else sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            task_timeout=sfn.Timeout.duration(waits or function.timeout.plus(Duration.minutes(1))),
            retry_on_service_exceptions=False,
            assign=assign,
            outputs=outputs,
        )
        retry(task, LAMBDA_TROUBLE)
        retry(task, TIMED_OUT, attempts=1)
        retry(task, TRANSIENT)
        if name in RETRY_WHILE_IN_USE:
            retry(task, ["ResourceInUse"], attempts=15)
        if not is_in_map:
            next_state = catch or self.release
            assert next_state is not None, f"{name} comes before the state that catches its failure"
            task.add_catch(next_state, errors=["States.ALL"], assign=on_failure or FAILED)
        return task


def variables(*names: str) -> dict[str, str]:
    """A payload of these variables under their own names."""
    return {name: f"{{% ${name} %}}" for name in names}


def holds(expression: str) -> sfn.Condition:
    """The condition that a JSONata expression is true."""
    return sfn.Condition.jsonata(f"{{% {expression} %}}")


def retry(task: sfn.TaskStateBase, errors: list[str], *, attempts: int = 8) -> None:
    """Try again after these errors with full jitter: 8 attempts take up to 6 minutes, 15 up to 20."""
    task.add_retry(
        errors=errors,
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=attempts,
        max_delay=Duration.minutes(2),
        jitter_strategy=sfn.JitterType.FULL,
    )
