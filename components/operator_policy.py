"""The managed policy of operators: attach it to their role."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct

from components.permissions import allow


class OperatorPolicy(iam.ManagedPolicy):
    """A policy that `grant_*` methods extend; by itself it reads the stack's outputs."""

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(scope, construct_id, description=description)
        stack = Stack.of(self)
        this_stack = stack.format_arn(
            service="cloudformation", resource="stack", resource_name=f"{stack.stack_name}/*"
        )
        allow(
            self,
            "cloudformation:DescribeStacks",
            on=[this_stack],
            because="CloudFormation ends a stack's ARN with an id of its own",
        )
