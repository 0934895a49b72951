"""What tells people that a cluster costs too much, misses nodes or has sick ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import (
    Duration,
    Tags,
    aws_budgets as budgets,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_events as events,
    aws_events_targets as targets,
    aws_sqs as sqs,
)
from constructs import Construct

from atelier.names import CLUSTER_TAG
from components.cluster.hyperpod_cluster import HyperPodCluster
from components.cluster.nodes import OWN_ID
from components.handlers import Handlers
from components.notice_topic import NoticeTopic
from components.permissions import allow
from lambdas.cluster_metrics import MISSING_NODES, NAMESPACE

SHARES_PERCENT = (50, 80, 100)


class Guards(Construct):
    """Three ways to notice: a budget, a metric with an alarm, and HyperPod's own events."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: HyperPodCluster,
        monthly_budget_usd: int,
        handlers: Handlers,
        notices: NoticeTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._cluster, self._notices = cluster, notices
        self._budget(monthly_budget_usd)
        self._missing_nodes(handlers)
        self._events()

    def _budget(self, limit_usd: int) -> None:
        Tags.of(self._cluster).add(CLUSTER_TAG, self._cluster.name)
        self._notices.let_publish("budgets.amazonaws.com")
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:{CLUSTER_TAG}${self._cluster.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type="ACTUAL", comparison_operator="GREATER_THAN", threshold=share
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=self._notices.topic.topic_arn
                        )
                    ],
                )
                for share in SHARES_PERCENT
            ],
        )

    def _missing_nodes(self, handlers: Handlers) -> None:
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        function = handlers.function("MeasureCluster", memory_mib=256, dead_letter_queue=dead_letters)
        allow(
            function,
            "sagemaker:DescribeCluster",
            on=[function.stack.format_arn(service="sagemaker", resource="cluster", resource_name="*")],
            because=OWN_ID,
        )
        allow(
            function,
            "cloudwatch:PutMetricData",
            on=["*"],
            when={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            because="PutMetricData has no resources to name; the condition names the namespace",
        )
        every = Duration.minutes(5)
        events.Rule(
            self,
            "EveryFiveMinutes",
            description="Atelier: count a cluster's missing nodes",
            schedule=events.Schedule.rate(every),
            targets=[
                targets.LambdaFunction(
                    function,
                    event=events.RuleTargetInput.from_object({"cluster": self._cluster.name}),
                    dead_letter_queue=dead_letters,
                    retry_attempts=0,
                )
            ],
        )
        alarm = cloudwatch.Alarm(
            self,
            "MissingNodes",
            metric=cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name=MISSING_NODES,
                dimensions_map={"Cluster": self._cluster.name},
                statistic="Minimum",
                period=every,
            ),
            alarm_description=f"Atelier: cluster {self._cluster.name} is InService and misses nodes",
            threshold=1,
            # Half an hour: a replaced node takes twenty minutes.
            evaluation_periods=6,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # No measurement is as bad as a missing node: nobody is looking.
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(self._notices.topic))

    def _events(self) -> None:
        self._notices.let_publish("events.amazonaws.com")
        self._tell(
            "NodeHealth",
            "Atelier: a node of the cluster is sick, or well again",
            {"detail-type": ["SageMaker HyperPod Cluster Node Health Event"]},
        )
        self._tell(
            "ClusterErrors",
            "Atelier: the cluster could not do something, such as get capacity",
            {
                "detail-type": ["SageMaker HyperPod Cluster Event"],
                "detail": {"EventDetails": {"EventLevel": ["Error"]}},
            },
        )

    def _tell(self, construct_id: str, description: str, pattern: Mapping[str, Any]) -> None:
        # The type itself: the library would let EventBridge publish to the topic from any account.
        events.CfnRule(
            self,
            construct_id,
            description=description,
            event_pattern={
                "source": ["aws.sagemaker"],
                "resources": [self._cluster.cluster.attr_cluster_arn],
                **pattern,
            },
            targets=[events.CfnRule.TargetProperty(id="Notices", arn=self._notices.topic.topic_arn)],
        )
