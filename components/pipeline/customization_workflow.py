"""The pipeline as a state machine: validate, train, evaluate, gate, approve, deploy, promote, report."""

from __future__ import annotations

from collections.abc import Mapping

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
from components.pipeline.dataset_validation import DatasetValidation
from components.pipeline.workflow_role import WorkflowRole
from components.pipeline.workflow_tasks import (
    CAUSE,
    FAILED,
    PAYLOAD,
    RUN_ID,
    WorkflowTasks,
    holds,
    retry,
    variables,
)

NOTHING = "{% null %}"

REPORTED = (
    "run", "recipes", "warnings", "status", "failure", "stages", "scores", "decision", "approval",
    "smoke_test", "model_arn", "promotion", "baseline",
)  # fmt: skip
VARIABLES = (
    *REPORTED, "plan", "dataset_parts", "unchecked_parts", "checkpoint", "job", "stage_index",
    "deployment_arn", "report",
)  # fmt: skip

# Timeouts beyond the deadlines of operations: reached only when Settlement does not run.
JOB_BACKSTOP = Duration.days(30)
APPROVAL_BACKSTOP = Duration.days(30)
DEPLOYMENT_BACKSTOP = Duration.days(1)


class CustomizationWorkflow(Construct):
    """A state machine whose executions are runs; run ids are execution names, hence unique.

    Input   `{"run_id": "<name>-<yyyymmddhhmmss>", "run": <run file as JSON>}`
    Output  `{"run_id", "status": PROMOTED | ACCEPTED | REJECTED | ROLLED_BACK | SUPERSEDED, "report_uri"}`
    Errors  fails with the name and cause of the first error (a class of atelier/errors.py, or Step Functions'
            own), after it has stopped everything that the run started, deleted what the run created and did
            not promote, and written the report

    Results are stored in variables ($run, $plan, $checkpoint, $scores ...); each state reads those it needs.
    A state that starts a slow operation waits for a task token, which Settlement finishes. The state's
    timeout is longer than the operation's deadline, at which Settlement stops the operation and reports the
    cause.
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
        self._tasks = WorkflowTasks(self, functions)
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
            encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(
                # By ARN: CDK would add a statement without a condition for the delivery of logs to the key
                # itself. EncryptionKey has a narrower one.
                kms.Key.from_key_arn(self, "Key", key.key_arn)
            ),
            # Without execution data, which contains task tokens and rows of datasets.
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,
        )
        # CDK's own policy also allows redriving children; a run that was cleaned up must not be redriven.
        self.state_machine.node.try_remove_child("DistributedMapPolicy")
        role.grant_map_runs(self.state_machine)

    def grant_finish_tokens(self, grantee: Grantee) -> None:
        """Finish the task tokens of waiting states."""
        allow(
            grantee,
            "states:SendTaskSuccess",
            "states:SendTaskFailure",
            on=["*"],
            because="SendTask actions have no resources to name; who has a token may finish it",
        )
        allow_key(grantee, self._key, "kms:Decrypt", "kms:GenerateDataKey", through="states")

    def grant_operate(self, grantee: Grantee) -> None:
        """Start and follow runs."""
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
        run_failed = self._run_failed()
        has_run_failed = self._question("RunFailed?")
        publish_report = self._publish_report(run_failed)
        release_run = self._tasks.release = self._release_run(publish_report)
        stages_left = self._question("StagesLeft?")
        gate_passed = self._question("GatePassed?", no="REJECTED")
        approval_required = self._question("ApprovalRequired?")
        approved = self._question("Approved?", no="REJECTED")
        register_model = self._register_model()
        deployment_requested = self._question("DeploymentWanted?", no="ACCEPTED")
        healthy = self._question("Healthy?")

        find_baseline = self._find_baseline()
        datasets = DatasetValidation(self, "Datasets", tasks=self._tasks, following=find_baseline)
        start = self._validate_run().next(datasets.start)
        find_baseline.next(stages_left)
        stages_left.when(
            holds("$stage_index < $plan.stage_count"),
            self._submit_training_job().next(self._read_checkpoint()).next(stages_left),
        ).otherwise(self._evaluate_models(release_run).next(self._decide_gate()).next(gate_passed))
        gate_passed.when(holds("$decision.passed"), approval_required).otherwise(publish_report)
        approval_required.when(
            holds("$plan.approval_required"), self._await_approval().next(approved)
        ).otherwise(register_model)
        approved.when(holds("$approval.approved"), register_model).otherwise(publish_report)
        register_model.next(deployment_requested)
        deployment_requested.when(
            holds("$plan.deployment_wanted"),
            self._create_model().next(self._deploy()).next(self._smoke_test()).next(healthy),
        ).otherwise(publish_report)
        healthy.when(
            holds("$smoke_test.healthy"), self._promote().next(self._retire_candidate()).next(publish_report)
        ).otherwise(self._roll_back().next(publish_report))
        release_run.next(publish_report)
        publish_report.next(self._notify(has_run_failed)).next(has_run_failed)
        has_run_failed.when(holds("$status = 'FAILED'"), run_failed).otherwise(self._run_ended())
        return start

    def _validate_run(self) -> tasks.LambdaInvoke:
        # Reading an unassigned variable is an error, and the report reads most: assign all of them first.
        unset = dict.fromkeys(VARIABLES, NOTHING) | {"stage_index": 0, "stages": [], "scores": []}
        submitted = {"run": "{% $states.context.Execution.Input.run %}"}
        results = {name: f"{{% $states.result.Payload.{name} %}}" for name in ("run", "recipes", "warnings")}
        return self._tasks.invoke(
            "ValidateRun",
            submitted,
            assign=unset | results | {"plan": PAYLOAD},
            on_failure=unset | submitted | FAILED,
        )

    def _find_baseline(self) -> tasks.LambdaInvoke:
        found = {
            "baseline": "{% $states.result.Payload.baseline %}",
            "checkpoint": "{% $states.result.Payload.checkpoint %}",
        }
        return self._tasks.invoke("FindBaseline", {"run": "{% $run %}"}, assign=found)

    def _submit_training_job(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "SubmitTrainingJob",
            variables("run", "stage_index", "checkpoint", "stages"),
            waits=JOB_BACKSTOP,
            assign={"job": "{% $states.result %}"},
        )

    def _read_checkpoint(self) -> tasks.LambdaInvoke:
        advanced = {
            "checkpoint": "{% $states.result.Payload.checkpoint %}",
            "stages": "{% [$stages, $states.result.Payload] %}",
            "stage_index": "{% $stage_index + 1 %}",
        }
        return self._tasks.invoke(
            "ReadCheckpoint", variables("run", "stage_index", "job", "checkpoint"), assign=advanced
        )

    def _evaluate_models(self, release_run: sfn.IChainable) -> sfn.Map:
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
        evaluate.add_catch(release_run, errors=["States.ALL"], assign=FAILED)
        return evaluate

    def _submit_evaluation(self) -> tasks.LambdaInvoke:
        evaluation = {
            name: f"{{% $states.input.{name} %}}" for name in ("evaluation_index", "subject", "model")
        }
        return self._tasks.invoke(
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
        return self._tasks.invoke("ReadMetrics", evaluation, outputs=PAYLOAD, is_in_map=True)

    def _decide_gate(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "DecideGate", {"run": "{% $run %}", "scores": "{% $scores %}"}, assign={"decision": PAYLOAD}
        )

    def _await_approval(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "AwaitApproval",
            {"run": "{% $run %}", "decision": "{% $decision %}"},
            waits=APPROVAL_BACKSTOP,
            assign={"approval": "{% $states.result %}"},
        )

    def _register_model(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke("RegisterModel", variables("run", "checkpoint", "scores", "decision"))

    def _create_model(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "CreateModel",
            variables("run", "checkpoint"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"model_arn": "{% $states.result.model_arn %}"},
        )

    def _deploy(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "Deploy",
            variables("run", "model_arn"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"deployment_arn": "{% $states.result.deployment_arn %}"},
        )

    def _smoke_test(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "SmokeTest", variables("run", "deployment_arn"), assign={"smoke_test": PAYLOAD}
        )

    def _promote(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke(
            "Promote",
            variables("run", "model_arn", "baseline"),
            waits=DEPLOYMENT_BACKSTOP,
            assign={"promotion": "{% $states.result %}"},
        )

    def _retire_candidate(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke("RetireCandidate", variables("run"), assign={"status": "PROMOTED"})

    def _roll_back(self) -> tasks.LambdaInvoke:
        return self._tasks.invoke("RollBack", variables("run"), assign={"status": "ROLLED_BACK"})

    def _release_run(self, publish_report: sfn.IChainable) -> tasks.LambdaInvoke:
        # A failure here must not hide the first one.
        both = {
            "error": "{% $failure.error %}",
            "cause": f"{{% $failure.cause & ' Releasing the run failed too: ' & {CAUSE} %}}",
        }
        return self._tasks.invoke(
            "ReleaseRun",
            variables("run", "failure"),
            catch=publish_report,
            on_failure={"status": "FAILED", "failure": both},
        )

    def _publish_report(self, run_failed: sfn.IChainable) -> tasks.LambdaInvoke:
        first = "$failure != null ? $failure.error : $states.errorOutput.Error"
        both = f"($failure != null ? $failure.cause & ' ' : '') & 'There is no report: ' & {CAUSE}"
        return self._tasks.invoke(
            "PublishReport",
            variables(*REPORTED),
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
        retry(notify, ["States.TaskFailed"])
        # The run is over and its report is written: a notice that cannot be sent changes neither.
        notify.add_catch(run_failed, errors=["States.ALL"])
        return notify

    def _run_failed(self) -> sfn.Fail:
        return sfn.Fail.jsonata(self, "RunFailed", error="{% $failure.error %}", cause="{% $failure.cause %}")

    def _run_ended(self) -> sfn.Pass:
        ended = {"run_id": RUN_ID, "status": "{% $status %}", "report_uri": "{% $report.report_uri %}"}
        return sfn.Pass.jsonata(self, "RunEnded", outputs=ended)

    def _question(self, name: str, *, no: str = "") -> sfn.Choice:
        """A choice; `no` is the run's status if the answer is no and the run ends there."""
        return sfn.Choice.jsonata(self, name, assign={"status": no} if no else None)
