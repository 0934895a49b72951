"""Custom resources whose function invokes itself to work longer than fifteen minutes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, Duration, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from components.function_factory import FunctionFactory
from components.permissions import allow

LONGEST = Duration.hours(1)
"""CloudFormation's longest wait; lambdas/resources/custom_resource.py answers before it ends."""


class CustomResources(Construct):
    """One `function`, a module of lambdas/resources, for any number of resources of its type."""

    def __init__(self, scope: Construct, construct_id: str, *, functions: FunctionFactory) -> None:
        super().__init__(scope, construct_id)
        self.function: lambda_.Function = functions.function(
            construct_id, timeout=Duration.minutes(15), memory_mib=256, package="resources"
        )
        assert isinstance(self.function.role, iam.Role)
        # A separate policy avoids a circular reference: the function depends on the role's own policy.
        self._continuation = iam.Policy(self, "Continuation", roles=[self.function.role])
        allow(self._continuation, "lambda:InvokeFunction", on=[self.function.function_arn])

    def resource(self, scope: Construct, construct_id: str, **properties: Any) -> CustomResource:
        """Create a resource in `scope` with these properties, named as the function reads them."""
        resource = CustomResource(
            scope,
            construct_id,
            service_token=self.function.function_arn,
            resource_type=f"Custom::{self.node.id}",
            service_timeout=LONGEST,
            properties=properties,
        )
        resource.node.add_dependency(self._continuation)
        return resource


def texts(numbers: Mapping[str, int]) -> dict[str, str]:
    """Numbers as text, which CloudFormation passes to a custom resource unchanged."""
    return {name: str(number) for name, number in numbers.items()}
