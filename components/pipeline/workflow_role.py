"""The state machine's role: invoke functions, run Maps, publish notices, log and trace."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import (
    ArnFormat,
    Stack,
    aws_iam as iam,
    aws_kms as kms,
    aws_lambda as lambda_,
    aws_stepfunctions as sfn,
)
from constructs import Construct

from components.notice_topic import NoticeTopic
from components.permissions import allow


class WorkflowRole(Construct):
    """A role with explicit statements: CDK would allow every version and alias of each function."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        functions: Iterable[lambda_.IFunction],
        notices: NoticeTopic,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        allow(self.role, "lambda:InvokeFunction", on=[function.function_arn for function in functions])
        notices.grant_publish(self.role)
        allow(self.role, "kms:Decrypt", "kms:GenerateDataKey", on=[key.key_arn])
        allow(
            self.role,
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
            on=["*"],
            because="CloudWatch Logs' delivery actions and X-Ray have no resources to name",
        )

    def grant_map_runs(self, machine: sfn.StateMachine) -> None:
        """Run Distributed Maps, whose children are executions of the state machine itself.

        Step Functions developer guide, "IAM policies for using Distributed Map states". A separate
        policy, because the state machine depends on the role's own policy and this one names the machine.
        """
        children = iam.Policy(self, "MapRuns", roles=[self.role])
        allow(children, "states:StartExecution", on=[machine.state_machine_arn])
        executions = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(
            children,
            "states:DescribeExecution",
            "states:StopExecution",
            on=[executions],
            because="Step Functions names the children of a Map Run when it starts them",
        )
