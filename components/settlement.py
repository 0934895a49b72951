"""What makes waiting work: the function that asks services for the truth, and the events that say "look now"."""

from __future__ import annotations

from aws_cdk import (
    Duration,
    aws_events as events,
    aws_events_targets as targets,
    aws_iam as iam,
    aws_lambda as lambda_,
    aws_sqs as sqs,
)
from constructs import Construct

from components.handlers import Handlers
from components.permissions import allow


class Settlement(Construct):
    """`function` (lambdas/handlers/settle.py) finishes the task tokens of operations that have ended.

    Events of training jobs make it prompt; the schedule makes it certain, and is all there is for Bedrock, which sends no
    event when a model or a deployment becomes ready. An event that could not be delivered or handled is kept in
    `dead_letters` for two weeks; losing one costs at most a minute.
    """

    def __init__(self, scope: Construct, construct_id: str, *, handlers: Handlers) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.function: lambda_.Function = handlers.function(
            "Settle",
            timeout=Duration.minutes(5),
            # Reserved, so that other functions of the account can never starve it; small, because every call asks SageMaker and
            # Bedrock, whose Describe quotas the whole account shares. Lambda queues what exceeds it.
            reserved_concurrency=4,
            dead_letter_queue=self.dead_letters,
        )
        events.Rule(
            self,
            "TrainingJobChanged",
            description="Atelier: a training job changed its state",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Training Job State Change"],
                detail={"TrainingJobStatus": ["Completed", "Failed", "Stopped"]},
            ),
            targets=[self._target()],
        )
        events.Rule(
            self,
            "EveryMinute",
            description="Atelier: look at every open operation",
            schedule=events.Schedule.rate(Duration.minutes(1)),
            targets=[self._target()],
        )

    def grant_hint(self, grantee: iam.IGrantable) -> None:
        """Say "look now", as the command line does after a person decided something."""
        allow(grantee, "lambda:InvokeFunction", on=[self.function.function_arn])

    def _target(self) -> targets.LambdaFunction:
        return targets.LambdaFunction(self.function, dead_letter_queue=self.dead_letters, retry_attempts=2)
