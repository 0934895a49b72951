"""Task states of the workflow: invocation, waiting, retries and catch."""

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

LAMBDA_ERRORS = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Runtime.ExitError",
]
"""Errors of the Lambda service, and crashed functions; functions are idempotent, so all are retried."""

TIMED_OUT = ["Sandbox.Timedout"]
"""A function that reached its timeout: retried once, in case a service was slow."""

TRANSIENT = ["Throttled", "ServiceUnavailable"]
RETRY_WHILE_IN_USE = {"Promote", "RetireCandidate", "RollBack", "ReleaseRun"}

# A function's Cause is JSON with a stack trace, of which only the message is kept; a timeout has no Cause.
# Only complete documents are parsed: Step Functions truncates long ones, services quote JSON in theirs, and
# an expression that fails in a Catch would end the execution without cleanup.
CAUSE = (
    "($cause := $states.errorOutput.Cause; $exists($cause) ? "
    "($substring($cause, 0, 1) = '{' and $substring($cause, -1) = '}' "
    "and $contains($cause, '\"errorMessage\"') "
    "? $parse($cause).errorMessage : $cause) : 'The state timed out')"
)
# A run whose gate compared with a model that no longer serves is not broken; it has to be started again.
ENDED_BY = "{% $states.errorOutput.Error = 'Superseded' ? 'SUPERSEDED' : 'FAILED' %}"
FAILED = {
    "status": ENDED_BY,
    "failure": {"error": "{% $states.errorOutput.Error %}", "cause": f"{{% {CAUSE} %}}"},
}


class WorkflowTasks:
    """Creates Tasks in `scope`, each of which invokes the function of its own name.

    `release` is the default target of a Task's Catch; it is set once that state exists.
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
        """A state that invokes the function of its name.

        With `waits` it waits that long for its task token. On failure it assigns `on_failure` and continues
        with `catch`. A Task in a Map fails its Map instead: a Catch cannot leave a Map.
        """
        function = self._functions[name]
        token = {} if waits is None else {"task_token": "{% $states.context.Task.Token %}"}
        assert function.timeout is not None
        task = tasks.LambdaInvoke.jsonata(
            self._scope,
            name,
            lambda_function=function,
            payload=sfn.TaskInput.from_object({"run_id": RUN_ID, **payload, **token}),
            integration_pattern=None if waits is None else sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            task_timeout=sfn.Timeout.duration(waits or function.timeout.plus(Duration.minutes(1))),
            retry_on_service_exceptions=False,
            assign=assign,
            outputs=outputs,
        )
        retry(task, LAMBDA_ERRORS)
        retry(task, TIMED_OUT, attempts=1)
        retry(task, TRANSIENT)
        if name in RETRY_WHILE_IN_USE:
            retry(task, ["ResourceInUse"], attempts=15)
        if not is_in_map:
            next_state = catch or self.release
            assert next_state is not None, f"{name}: create the state that catches its failure first"
            task.add_catch(next_state, errors=["States.ALL"], assign=on_failure or FAILED)
        return task


def variables(*names: str) -> dict[str, str]:
    """A payload with these variables under their own names."""
    return {name: f"{{% ${name} %}}" for name in names}


def holds(expression: str) -> sfn.Condition:
    """The condition that a JSONata expression is true."""
    return sfn.Condition.jsonata(f"{{% {expression} %}}")


def retry(task: sfn.TaskStateBase, errors: list[str], *, attempts: int = 8) -> None:
    """Retry after these errors with full jitter.

    8 attempts take up to 6 minutes, 15 up to 20.
    """
    task.add_retry(
        errors=errors,
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=attempts,
        max_delay=Duration.minutes(2),
        jitter_strategy=sfn.JitterType.FULL,
    )
