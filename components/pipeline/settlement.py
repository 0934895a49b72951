"""The function that finishes waiting states, and the events and schedule that invoke it."""

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
from components.operations_table import OperationsTable
from components.permissions import Grantee, allow
from components.pipeline.cluster_clients import ClusterClients
from components.pipeline.training_jobs import TrainingJobs
from components.targets.serving_targets import ServingTargets


class Settlement(Construct):
    """`function` (lambdas/handlers/settle.py) finishes the task tokens of operations that have ended.

    Events of training jobs and of Slurm jobs invoke it immediately, and a schedule every minute. The schedule
    alone serves Kubernetes jobs, and Bedrock, which sends no event when a model or a deployment becomes
    ready. `dead_letters` keeps events that could not be delivered or handled for two weeks; a lost event
    delays its operation by at most a minute.
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
        targets: ServingTargets,
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
            # Reserved, so that the account's other functions cannot use it; small, because every invocation
            # uses the account's Describe quotas of SageMaker and Bedrock. Lambda queues the rest.
            reserved_concurrency=4,
            dead_letter_queue=self.dead_letters,
            network=clusters.network,
        )
        # It completes submissions that failed halfway, so it has the permissions of submitting functions.
        operations.grant_settle(self.function)
        jobs.grant_submit(self.function)
        clusters.grant_use(self.function)
        # Early stopping reads validation losses.
        jobs.grant_read_logs(self.function)
        clusters.grant_read_logs(self.function)
        for grant in (targets.grant_create, targets.grant_deploy, targets.grant_await, targets.grant_switch):
            grant(self.function)
        notices.grant_publish(self.function)
        self._invoke_on(
            "TrainingJobEnded",
            description="Atelier: a training job ended",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Training Job State Change"],
                detail={"TrainingJobStatus": ["Completed", "Failed", "Stopped"]},
            ),
        )
        if clusters.job_changes:
            self._invoke_on(
                "SlurmJobChanged",
                description="Atelier: a job on Slurm has changed",
                event_pattern=clusters.job_changes,
            )
        self._invoke_on(
            "EveryMinute",
            description="Atelier: check every open operation",
            schedule=events.Schedule.rate(Duration.minutes(1)),
        )

    def grant_wake(self, grantee: Grantee) -> None:
        """Invoke the function at once, as the command line does after a decision."""
        allow(grantee, "lambda:InvokeFunction", on=[self.function.function_arn])

    def _invoke_on(
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
