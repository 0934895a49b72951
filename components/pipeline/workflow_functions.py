"""The functions behind the workflow's states, each with the permissions of its step."""

from __future__ import annotations

from dataclasses import dataclass, field

from aws_cdk import Duration, aws_lambda as lambda_

from components.artifact_bucket import ArtifactBucket
from components.function_factory import FunctionFactory
from components.function_network import FunctionNetwork
from components.notice_topic import NoticeTopic
from components.operations_table import OperationsTable
from components.pipeline.cluster_clients import ClusterClients
from components.pipeline.training_jobs import TrainingJobs
from components.targets.serving_targets import ServingTargets


@dataclass(kw_only=True)
class WorkflowFunctions:
    """Creates the pipeline's functions; `by_state` has them by the name of their state."""

    functions: FunctionFactory
    bucket: ArtifactBucket
    operations: OperationsTable
    jobs: TrainingJobs
    clusters: ClusterClients
    targets: ServingTargets
    notices: NoticeTopic
    by_state: dict[str, lambda_.Function] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._validate()
        self._train_and_evaluate()
        self._decide()
        self._deploy()
        self._undo()
        self._report()

    def _validate(self) -> None:
        run = self._function("ValidateRun")
        # Datasets are streamed: the memory is for the CPU, of which Lambda assigns one full vCPU at 1769 MiB.
        datasets, part, merge = (
            self._function(state, timeout=Duration.minutes(15), memory_mib=1769)
            for state in ("ValidateDatasets", "ValidateDatasetPart", "MergeFindings")
        )
        for resolver in (run, datasets, part, merge):
            self.bucket.grant_read_hub_recipes(resolver)
        for check in (datasets, part):
            self.bucket.grant_read_datasets(check)
        for reader in (part, merge):
            self.bucket.grant_read_validation(reader)
        for writer in (datasets, part, merge):
            self.bucket.grant_write_validation(writer)
        self.bucket.grant_write_plans(run)
        baseline = self._function("FindBaseline")
        self.bucket.grant_read_models(baseline)
        for reader in (datasets, part, merge, baseline):
            self.bucket.grant_read_plans(reader)
        self.targets.grant_read(baseline)

    def _train_and_evaluate(self) -> None:
        training = self._client_function("SubmitTrainingJob")
        self.bucket.grant_read_hub_recipes(training)
        for submit in (training, self._client_function("SubmitEvaluation")):
            self.bucket.grant_read_plans(submit)
            self.operations.grant_record(submit)
            self.bucket.grant_write_recipes(submit)
            self.jobs.grant_submit(submit)
        checkpoint = self._function("ReadCheckpoint")
        self.bucket.grant_read_plans(checkpoint)
        self.bucket.grant_read_training_output(checkpoint)
        metrics = self._function("ReadMetrics", timeout=Duration.minutes(5), memory_mib=1024)
        self.bucket.grant_read_evaluation_output(metrics)

    def _decide(self) -> None:
        self._function("DecideGate")
        approval = self._function("AwaitApproval")
        self.operations.grant_record(approval)
        self.notices.grant_publish(approval)

    def _deploy(self) -> None:
        self.bucket.grant_write_models(self._function("RegisterModel"))
        create = self._function("CreateModel")
        self.operations.grant_record(create)
        self.targets.grant_create(create)
        deploy = self._function("Deploy")
        self.operations.grant_record(deploy)
        self.targets.grant_deploy(deploy)
        smoke_test = self._function("SmokeTest", timeout=Duration.minutes(10))
        self.bucket.grant_read_datasets(smoke_test)
        self.targets.grant_converse(smoke_test)
        promote = self._function("Promote")
        self.operations.grant_record(promote)
        self.targets.grant_deploy(promote)
        self.targets.grant_switch(promote)
        self.targets.grant_retire(self._function("RetireCandidate"))

    def _undo(self) -> None:
        for undo in (
            self._client_function("RollBack", timeout=Duration.minutes(5)),
            self._client_function("ReleaseRun", timeout=Duration.minutes(5)),
        ):
            self.operations.grant_release(undo)
            self.jobs.grant_stop(undo)
            self.targets.grant_switch(undo)
            self.targets.grant_delete_deployments(undo)
            self.targets.grant_delete_models(undo)

    def _report(self) -> None:
        report = self._client_function("PublishReport", timeout=Duration.minutes(5), memory_mib=1024)
        self.bucket.grant_write_reports(report)
        self.bucket.grant_read_validation(report)
        self.operations.grant_read(report)
        self.jobs.grant_read_logs(report)
        self.clusters.grant_read_logs(report)

    def _client_function(
        self, state: str, *, timeout: Duration | None = None, memory_mib: int = 512
    ) -> lambda_.Function:
        """Create a function that also calls clusters."""
        function = self._function(
            state, timeout=timeout, memory_mib=memory_mib, network=self.clusters.network
        )
        self.clusters.grant_use(function)
        return function

    def _function(
        self,
        state: str,
        *,
        timeout: Duration | None = None,
        memory_mib: int = 512,
        network: FunctionNetwork | None = None,
    ) -> lambda_.Function:
        function = self.functions.function(state, timeout=timeout, memory_mib=memory_mib, network=network)
        self.by_state[state] = function
        return function
