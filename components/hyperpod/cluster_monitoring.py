"""What tells people that a cluster costs too much, misses nodes, has sick ones or idle ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import (
    Duration,
    Stack,
    Tags,
    aws_budgets as budgets,
    aws_cloudwatch as cloudwatch,
    aws_cloudwatch_actions as actions,
    aws_events as events,
    aws_events_targets as targets,
    aws_lambda as lambda_,
    aws_sqs as sqs,
)
from constructs import Construct

from atelier.names import CLUSTER_TAG
from components.function_factory import FunctionFactory
from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.notice_topic import NoticeTopic
from components.permissions import OWN_ID, allow
from config.checks.sizes import is_accelerated
from config.cluster import ClusterConfig
from lambdas.cluster_metrics import IDLE_NODES, MISSING_NODES, NAMESPACE

SHARES_PERCENT = (50, 80, 100)
EVERY = Duration.minutes(5)


class ClusterMonitoring(Construct):
    """Three ways to notice: a budget, metrics with an alarm each, and HyperPod's own events.

    `measure` is the function that counts, every five minutes, told `event` and of which groups accelerators
    are; what it may ask beside SageMaker, its stack grants.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: HyperPodCluster,
        config: ClusterConfig,
        functions: FunctionFactory,
        notices: NoticeTopic,
        measure: str,
        event: Mapping[str, object],
    ) -> None:
        super().__init__(scope, construct_id)
        self._cluster, self._notices = cluster, notices
        if config.monthly_budget_usd is not None:
            self._budget(config.monthly_budget_usd)
        self.function = self._measured(functions, config, measure, event)
        self.alarm(
            "MissingNodes",
            self.metric(MISSING_NODES),
            "is InService and misses nodes",
            # A replaced node takes twenty minutes.
            lasting=Duration.minutes(30),
            # No measurement is as bad as a missing node: nobody is looking.
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self.alarm(
            "IdleNodes",
            self.metric(IDLE_NODES),
            "pays for accelerators on which nothing runs",
            lasting=Duration.hours(2),
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self._events()

    def metric(self, name: str) -> cloudwatch.Metric:
        """A count of the cluster, as `function` puts it."""
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=name,
            dimensions_map={"Cluster": self._cluster.name},
            statistic="Minimum",
            period=EVERY,
        )

    def alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        lasting: Duration,
        missing: cloudwatch.TreatMissingData,
    ) -> None:
        """Tell people when the metric was 1 or more for so long."""
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=f"Atelier: cluster {self._cluster.name} {description}",
            threshold=1,
            evaluation_periods=int(lasting.to_minutes() / EVERY.to_minutes()),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(actions.SnsAction(self._notices.topic))

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

    def _measured(
        self, functions: FunctionFactory, config: ClusterConfig, measure: str, event: Mapping[str, object]
    ) -> lambda_.Function:
        dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        function = functions.function(measure, memory_mib=256, dead_letter_queue=dead_letters)
        any_cluster = Stack.of(self).format_arn(service="sagemaker", resource="cluster", resource_name="*")
        allow(function, "sagemaker:DescribeCluster", on=[any_cluster], because=OWN_ID)
        allow(
            function,
            "cloudwatch:PutMetricData",
            on=["*"],
            when={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
            because="PutMetricData has no resources to name; the condition names the namespace",
        )
        events.Rule(
            self,
            "EveryFiveMinutes",
            description="Atelier: count a cluster's missing and idle nodes",
            schedule=events.Schedule.rate(EVERY),
            targets=[
                targets.LambdaFunction(
                    function,
                    event=events.RuleTargetInput.from_object(
                        {
                            "cluster": self._cluster.name,
                            "accelerated_groups": [
                                group.name
                                for group in config.all_groups
                                if any(map(is_accelerated, group.instance_types))
                            ],
                            **event,
                        }
                    ),
                    dead_letter_queue=dead_letters,
                    retry_attempts=0,
                )
            ],
        )
        return function

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
