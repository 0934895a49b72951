"""The line as a state machine: validate, train, evaluate, gate, approve, deploy, prove, promote, report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import (
    ArnFormat,
    Duration,
    RemovalPolicy,
    Stack,
    aws_kms as kms,
    aws_lambda as lambda_,
    aws_logs as logs,
    aws_stepfunctions as sfn,
    aws_stepfunctions_tasks as tasks,
)
from constructs import Construct

from components.notice_topic import NoticeTopic
from components.permissions import Grantee, allow, allow_key
from components.workflow_role import WorkflowRole

RUN_ID = "{% $states.context.Execution.Input.run_id %}"
PAYLOAD = "{% $states.result.Payload %}"
NOTHING = "{% null %}"

REPORTED = (
    "run", "status", "failure", "stages", "scores", "decision", "approval", "smoke_test", "model_arn",
    "promotion", "baseline",
)  # fmt: skip
VARIABLES = (*REPORTED, "plan", "checkpoint", "job", "stage_index", "deployment_arn", "report")

LAMBDA_TROUBLE = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
]
"""Trouble of the Lambda service, and functions that died: all they do is idempotent, so it is done again."""

TRANSIENT = ["Throttled", "ServiceUnavailable"]
RETRY_WHILE_IN_USE = {"Promote", "RetireCandidate", "RollBack", "ReleaseRun"}

# Backstops behind the deadlines of operations: reached only when Settlement itself does not run.
JOB_BACKSTOP = Duration.days(30)
APPROVAL_BACKSTOP = Duration.days(30)
DEPLOYMENT_BACKSTOP = Duration.days(1)

# A function's Cause is JSON with a stack trace, of which people want the sentence; a timeout has no Cause.
CAUSE = (
    "($cause := $states.errorOutput.Cause; $exists($cause) ? "
    "($contains($cause, '\"errorMessage\"') ? $parse($cause).errorMessage : $cause) : 'The state timed out')"
)
FAILED = {
    "status": "FAILED",
    "failure": {"error": "{% $states.errorOutput.Error %}", "cause": f"{{% {CAUSE} %}}"},
}


class CustomizationWorkflow(Construct):
    """One execution is one run; the execution's name is the run id, so a run cannot be started twice.

    Input   `{"run_id": "<name>-<yyyymmddhhmmss>", "run": <run file as JSON>}`
    Output  `{"run_id", "status": PROMOTED | ACCEPTED | REJECTED | ROLLED_BACK, "report_uri"}`
    Errors  fails with the name and cause of the first error (a class of atelier/errors.py, or Step Functions'
            own), after everything the run started is stopped, everything it made and did not promote is
            deleted, and the report is written

    Results live in variables ($run, $plan, $checkpoint, $scores ...), so that a state takes what it needs and
    nothing is threaded through. States that start something slow wait for a task token which Settlement
    finishes; their timeout is only a backstop behind the operation's own deadline, at which Settlement stops
    the work and names the cause.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Mapping[str, lambda_.Function],
        notices: NoticeTopic,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._functions = functions
        self._notices = notices
        self._key = key
        log_group = logs.LogGroup(
            self, "Log", encryption_key=key, retention=log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        role = WorkflowRole(self, "Role", functions=functions.values(), notices=notices, key=key)
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            definition_body=sfn.DefinitionBody.from_chainable(self._definition()),
            query_language=sfn.QueryLanguage.JSONATA,
            role=role.role.without_policy_updates(),
            encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(key),
            # Without execution data: it would carry task tokens and lines of datasets into the log.
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )

    def grant_finish_tokens(self, grantee: Grantee) -> None:
        """Finish the task tokens of waiting states."""
        allow(
            grantee,
            "states:SendTaskSuccess",
            "states:SendTaskFailure",
            on=["*"],
            because="A task token is no resource to name; who holds it may finish it",
        )
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="states")

    def grant_operate(self, grantee: Grantee) -> None:
        """Start runs and follow them."""
        machine, stack = self.state_machine, Stack.of(self)
        allow(grantee, "states:StartExecution", "states:ListExecutions", on=[machine.state_machine_arn])
        executions = stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(
            grantee,
            "states:DescribeExecution",
            "states:GetExecutionHistory",
            on=[executions],
            because="An execution is named by its run id",
        )
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="states")

    def _definition(self) -> sfn.Chain:
        run_failed, run_failed_question = self._run_failed(), self._question("RunFailed?")
        notify = self._notify(run_failed_question)
        publish_report = self._publish_report(run_failed)
        self._release = self._release_run(publish_report)
        stages_left, gate_passed = self._question("StagesLeft?"), self._question("GatePassed?", no="REJECTED")
        approval_required, approved = (
            self._question("ApprovalRequired?"),
            self._question("Approved?", no="REJECTED"),
        )
        deployment_wanted, healthy = (
            self._question("DeploymentWanted?", no="ACCEPTED"),
            self._question("Healthy?"),
        )
        register_model = self._register_model()

        start = (
            self._validate_run().next(self._validate_datasets()).next(self._find_baseline()).next(stages_left)
        )
        stages_left.when(
            _is("$stage_index < $plan.stage_count"),
            self._submit_training_job().next(self._read_checkpoint()).next(stages_left),
        ).otherwise(self._evaluate_models().next(self._decide_gate()).next(gate_passed))
        gate_passed.when(_is("$decision.passed"), approval_required).otherwise(publish_report)
        approval_required.when(
            _is("$plan.approval_required"), self._await_approval().next(approved)
        ).otherwise(register_model)
        approved.when(_is("$approval.approved"), register_model).otherwise(publish_report)
        register_model.next(deployment_wanted)
        deployment_wanted.when(
            _is("$plan.deployment_wanted"),
            self._create_model().next(self._deploy()).next(self._smoke_test()).next(healthy),
        ).otherwise(publish_report)
        healthy.when(
            _is("$smoke_test.healthy"), self._promote().next(self._retire_candidate()).next(publish_report)
        ).otherwise(self._roll_back().next(publish_report))
        self._release.next(publish_report)
        publish_report.next(notify).next(run_failed_question)
        run_failed_question.when(_is("$status = 'FAILED'"), run_failed).otherwise(self._run_ended())
        return start

    def _validate_run(self) -> tasks.LambdaInvoke:
        # Every variable exists from here on: to read one that does not is an error; the report reads most.
        unset = dict.fromkeys(VARIABLES, NOTHING) | {"stage_index": 0, "stages": [], "scores": []}
        submitted = {"run": "{% $states.context.Execution.Input.run %}"}
        return self._invoke(
            "ValidateRun",
            submitted,
            assign=unset | {"run": "{% $states.result.Payload.run %}", "plan": PAYLOAD},
            on_failure=unset | submitted | FAILED,
        )

    def _validate_datasets(self) -> tasks.LambdaInvoke:
        return self._invoke("ValidateDatasets", {"run": "{% $run %}"})

    def _find_baseline(self) -> tasks.LambdaInvoke:
        found = {
            "baseline": "{% $states.result.Payload.baseline %}",
            "checkpoint": "{% $states.result.Payload.checkpoint %}",
        }
        return self._invoke("FindBaseline", {"run": "{% $run %}"}, assign=found)

    def _submit_training_job(self) -> tasks.LambdaInvoke:
        stage = {"run": "{% $run %}", "stage_index": "{% $stage_index %}", "checkpoint": "{% $checkpoint %}"}
        return self._invoke(
            "SubmitTrainingJob", stage, waits=JOB_BACKSTOP, assign={"job": "{% $states.result %}"}
        )

    def _read_checkpoint(self) -> tasks.LambdaInvoke:
        advanced = {
            "checkpoint": "{% $states.result.Payload.checkpoint %}",
            "stages": "{% [$stages, $states.result.Payload] %}",
            "stage_index": "{% $stage_index + 1 %}",
        }
        return self._invoke(
            "ReadCheckpoint", {"stage_index": "{% $stage_index %}", "job": "{% $job %}"}, assign=advanced
        )

    def _evaluate_models(self) -> sfn.Map:
        item = "$states.context.Map.Item.Value"
        evaluate = sfn.Map.jsonata(
            self,
            "EvaluateModels",
            items=sfn.ProvideItems.jsonata("{% $plan.evaluations %}"),
            item_selector={
                "evaluation_index": f"{{% {item}.evaluation_index %}}",
                "subject": f"{{% {item}.subject %}}",
                "model": f"{{% {item}.subject = 'candidate' ? $checkpoint : $baseline.model %}}",
            },
            max_concurrency=4,
            assign={"scores": "{% $states.result %}"},
        )
        evaluate.item_processor(self._submit_evaluation().next(self._read_metrics()))
        evaluate.add_catch(self._release, errors=["States.ALL"], assign=FAILED)
        return evaluate

    def _submit_evaluation(self) -> tasks.LambdaInvoke:
        evaluation = {
            name: f"{{% $states.input.{name} %}}" for name in ("evaluation_index", "subject", "model")
        }
        return self._invoke(
            "SubmitEvaluation",
            {"run": "{% $run %}", **evaluation},
            waits=JOB_BACKSTOP,
            outputs="{% $merge([$states.input, {'job': $states.result}]) %}",
            is_in_map=True,
        )

    def _read_metrics(self) -> tasks.LambdaInvoke:
        evaluation = {
            name: f"{{% $states.input.{name} %}}" for name in ("evaluation_index", "subject", "job")
        }
        return self._invoke("ReadMetrics", evaluation, outputs=PAYLOAD, is_in_map=True)

    def _decide_gate(self) -> tasks.LambdaInvoke:
        return self._invoke(
            "DecideGate", {"run": "{% $run %}", "scores": "{% $scores %}"}, assign={"decision": PAYLOAD}
        )

    def _await_approval(self) -> tasks.LambdaInvoke:
        return self._invoke(
            "AwaitApproval",
            {"run": "{% $run %}", "decision": "{% $decision %}"},
            waits=APPROVAL_BACKSTOP,
            assign={"approval": "{% $states.result %}"},
        )

    def _register_model(self) -> tasks.LambdaInvoke:
        return self._invoke("RegisterModel", _variables("run", "checkpoint", "scores", "decision"))

    def _create_model(self) -> tasks.LambdaInvoke:
        return self._invoke(
            "CreateModel",
            _variables("run", "checkpoint"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"model_arn": "{% $states.result.model_arn %}"},
        )

    def _deploy(self) -> tasks.LambdaInvoke:
        return self._invoke(
            "Deploy",
            _variables("run", "model_arn"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"deployment_arn": "{% $states.result.deployment_arn %}"},
        )

    def _smoke_test(self) -> tasks.LambdaInvoke:
        return self._invoke("SmokeTest", _variables("run", "deployment_arn"), assign={"smoke_test": PAYLOAD})

    def _promote(self) -> tasks.LambdaInvoke:
        return self._invoke(
            "Promote",
            _variables("run", "model_arn"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"promotion": "{% $states.result %}"},
        )

    def _retire_candidate(self) -> tasks.LambdaInvoke:
        return self._invoke("RetireCandidate", {}, assign={"status": "PROMOTED"})

    def _roll_back(self) -> tasks.LambdaInvoke:
        return self._invoke("RollBack", _variables("run"), assign={"status": "ROLLED_BACK"})

    def _release_run(self, publish_report: sfn.IChainable) -> tasks.LambdaInvoke:
        # A failure here must not hide the first one.
        both = {
            "error": "{% $failure.error %}",
            "cause": f"{{% $failure.cause & ' Releasing the run failed too: ' & {CAUSE} %}}",
        }
        return self._invoke(
            "ReleaseRun", _variables("run", "failure"), catch=publish_report, on_failure={"failure": both}
        )

    def _publish_report(self, run_failed: sfn.IChainable) -> tasks.LambdaInvoke:
        first = "$failure != null ? $failure.error : $states.errorOutput.Error"
        both = f"($failure != null ? $failure.cause & ' ' : '') & 'There is no report: ' & {CAUSE}"
        return self._invoke(
            "PublishReport",
            _variables(*REPORTED),
            catch=run_failed,
            assign={"report": PAYLOAD},
            on_failure={"failure": {"error": f"{{% {first} %}}", "cause": f"{{% {both} %}}"}},
        )

    def _notify(self, run_failed: sfn.IChainable) -> tasks.SnsPublish:
        notify = tasks.SnsPublish.jsonata(
            self,
            "Notify",
            topic=self._notices.topic,
            subject="{% $report.subject %}",
            message=sfn.TaskInput.from_text("{% $report.message %}"),
            task_timeout=sfn.Timeout.duration(Duration.minutes(1)),
        )
        _retry(notify, ["States.TaskFailed"])
        # The run is over and its report is written: a notice that cannot be sent changes neither.
        notify.add_catch(run_failed, errors=["States.ALL"])
        return notify

    def _run_failed(self) -> sfn.Fail:
        return sfn.Fail.jsonata(self, "RunFailed", error="{% $failure.error %}", cause="{% $failure.cause %}")

    def _run_ended(self) -> sfn.Pass:
        ended = {"run_id": RUN_ID, "status": "{% $status %}", "report_uri": "{% $report.report_uri %}"}
        return sfn.Pass.jsonata(self, "RunEnded", outputs=ended)

    def _question(self, name: str, *, no: str = "") -> sfn.Choice:
        """A choice; `no` is the run's status when the answer is no and the line ends there."""
        return sfn.Choice.jsonata(self, name, assign={"status": no} if no else None)

    def _invoke(
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
        """A state that invokes the function of its name, and with `waits` waits that long for its token."""
        function = self._functions[name]
        answer = {} if waits is None else {"task_token": "{% $states.context.Task.Token %}"}
        assert function.timeout is not None
        task = tasks.LambdaInvoke.jsonata(
            self,
            name,
            lambda_function=function,
            payload=sfn.TaskInput.from_object({"run_id": RUN_ID, **payload, **answer}),
            integration_pattern=None if waits is None else sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
            task_timeout=sfn.Timeout.duration(waits or function.timeout.plus(Duration.minutes(1))),
            retry_on_service_exceptions=False,
            assign=assign,
            outputs=outputs,
        )
        _retry(task, LAMBDA_TROUBLE)
        _retry(task, TRANSIENT)
        if name in RETRY_WHILE_IN_USE:
            _retry(task, ["StillInUse"])
        if not is_in_map:
            task.add_catch(catch or self._release, errors=["States.ALL"], assign=on_failure or FAILED)
        return task


def _variables(*names: str) -> dict[str, str]:
    return {name: f"{{% ${name} %}}" for name in names}


def _is(expression: str) -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% {expression} %}}")


def _retry(task: sfn.TaskStateBase, errors: list[str]) -> None:
    task.add_retry(
        errors=errors,
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_attempts=8,
        max_delay=Duration.minutes(2),
        jitter_strategy=sfn.JitterType.FULL,
    )
