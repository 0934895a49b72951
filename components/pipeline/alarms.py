"""Alarms that need action, sent to the notice topic."""

from __future__ import annotations

from aws_cdk import Duration, aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions
from constructs import Construct

from components.notice_topic import NoticeTopic
from components.pipeline.customization_workflow import CustomizationWorkflow
from components.pipeline.settlement import Settlement


class Alarms(Construct):
    """Alarms for failed runs, and for faults of settlement, which would block every run."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workflow: CustomizationWorkflow,
        settlement: Settlement,
        notices: NoticeTopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._action = actions.SnsAction(notices.topic)
        five_minutes = Duration.minutes(5)
        machine, settle = workflow.state_machine, settlement.function
        self._alarm(
            "RunFailed", machine.metric_failed(period=five_minutes), "A run failed; its report says why"
        )
        self._alarm(
            "RunTimedOut",
            machine.metric_timed_out(period=five_minutes),
            "A run hit a timeout of the workflow itself",
        )
        self._alarm(
            "SettleFails",
            settle.metric_errors(period=five_minutes),
            "Settle fails: operations that have ended are not noticed",
            periods=2,
        )
        self._alarm(
            "SettleSilent",
            settle.metric_invocations(period=five_minutes),
            "Settle was not called for fifteen minutes: is its schedule disabled?",
            periods=3,
            below=True,
        )
        self._alarm(
            "DeadLetters",
            settlement.dead_letters.metric_approximate_number_of_messages_visible(period=five_minutes),
            "Events that settle could not handle wait in the dead-letter queue",
        )

    def _alarm(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        periods: int = 1,
        below: bool = False,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            alarm_description=f"Atelier: {description}",
            threshold=1,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
            if below
            else cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Missing data is normal, except for an alarm about missing invocations.
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING
            if below
            else cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
