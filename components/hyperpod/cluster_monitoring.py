"""Notices about a cluster's cost, and about missing, unhealthy and idle nodes."""

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
    """A budget, metrics with one alarm each, and rules for HyperPod's own events.

    `measure` names the function that counts nodes every five minutes. Its event is `event` with the names of
    the groups that have accelerators. It may call SageMaker; the stack grants the rest.
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
            "is InService but lacks nodes",
            # Replacing a node takes twenty minutes.
            lasting=Duration.minutes(30),
            # A missing measurement is as serious as a missing node.
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self.alarm(
            "IdleNodes",
            self.metric(IDLE_NODES),
            "has accelerators on which nothing runs",
            lasting=Duration.hours(2),
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self._events()

    def metric(self, name: str) -> cloudwatch.Metric:
        """The metric that `function` publishes under this name."""
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
        """Send a notice when the metric was 1 or more during all of `lasting`."""
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
        self._notices.allow_publish("budgets.amazonaws.com")
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
        self._notices.allow_publish("events.amazonaws.com")
        self._notify(
            "NodeHealth",
            "Atelier: the health of a cluster node has changed",
            {"detail-type": ["SageMaker HyperPod Cluster Node Health Event"]},
        )
        self._notify(
            "ClusterErrors",
            "Atelier: a cluster operation failed, for example for lack of capacity",
            {
                "detail-type": ["SageMaker HyperPod Cluster Event"],
                "detail": {"EventDetails": {"EventLevel": ["Error"]}},
            },
        )

    def _notify(self, construct_id: str, description: str, pattern: Mapping[str, Any]) -> None:
        # L1: CDK's rule would let EventBridge publish to the topic from any account.
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
