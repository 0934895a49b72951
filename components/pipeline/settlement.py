"""What makes waiting work: a function that asks services for the truth, and events that say "look now"."""

from __future__ import annotations

from aws_cdk import (
    Duration,
    aws_events as events,
    aws_events_targets as targets,
    aws_lambda as lambda_,
    aws_sqs as sqs,
)
from constructs import Construct

from components.function_factory import FunctionFactory
from components.notice_topic import NoticeTopic
from components.permissions import Grantee, allow
from components.pipeline.cluster_clients import ClusterClients
from components.pipeline.operations_table import OperationsTable
from components.pipeline.training_jobs import TrainingJobs
from components.targets.custom_models import CustomModels


class Settlement(Construct):
    """`function` (lambdas/handlers/settle.py) finishes the task tokens of operations that have ended.

    Events of training jobs and of Slurm's make it prompt; the schedule makes it certain, and is all there is
    for Kubernetes, and for Bedrock, which sends no event when a model or a deployment becomes ready. An event
    that could not be delivered or handled is kept in `dead_letters` for two weeks; losing one costs at most a
    minute.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: FunctionFactory,
        operations: OperationsTable,
        jobs: TrainingJobs,
        clusters: ClusterClients,
        models: CustomModels,
        notices: NoticeTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.function: lambda_.Function = functions.function(
            "Settle",
            timeout=Duration.minutes(5),
            # Reserved, so that other functions of the account can never starve it; small, because every call
            # asks SageMaker and Bedrock, whose Describe quotas the account shares. Lambda queues the rest.
            reserved_concurrency=4,
            dead_letter_queue=self.dead_letters,
            network=clusters.network,
        )
        # It finishes what a submitting function could not, so it may do whatever those may.
        operations.grant_settle(self.function)
        jobs.grant_submit(self.function)
        clusters.grant_use(self.function)
        # Validation losses, by which jobs are stopped early.
        jobs.grant_read_logs(self.function)
        clusters.grant_read_logs(self.function)
        models.grant_create(self.function)
        models.grant_deploy(self.function)
        models.grant_switch(self.function)
        notices.grant_publish(self.function)
        self._look(
            "TrainingJobEnded",
            description="Atelier: a training job ended",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Training Job State Change"],
                detail={"TrainingJobStatus": ["Completed", "Failed", "Stopped"]},
            ),
        )
        if clusters.job_changes:
            self._look(
                "SlurmJobChanged",
                description="Atelier: a job on Slurm has changed",
                event_pattern=clusters.job_changes,
            )
        self._look(
            "EveryMinute",
            description="Atelier: look at every open operation",
            schedule=events.Schedule.rate(Duration.minutes(1)),
        )

    def grant_wake(self, grantee: Grantee) -> None:
        """Say "look now", as the command line does after a person decided something."""
        allow(grantee, "lambda:InvokeFunction", on=[self.function.function_arn])

    def _look(
        self,
        construct_id: str,
        *,
        description: str,
        event_pattern: events.EventPattern | None = None,
        schedule: events.Schedule | None = None,
    ) -> None:
        target = targets.LambdaFunction(self.function, dead_letter_queue=self.dead_letters, retry_attempts=2)
        events.Rule(
            self,
            construct_id,
            description=description,
            event_pattern=event_pattern,
            schedule=schedule,
            targets=[target],
        )
