"""Makes custom resources: a function a kind, which outlives its fifteen minutes by calling itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, Duration, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from components.function_factory import FunctionFactory
from components.permissions import allow

LONGEST = Duration.hours(1)
"""What CloudFormation waits at most; lambdas/resources/custom_resource.py answers before it ends."""


class CustomResources(Construct):
    """`function` (a module of lambdas/resources) behind any number of resources of its kind."""

    def __init__(self, scope: Construct, construct_id: str, *, functions: FunctionFactory) -> None:
        super().__init__(scope, construct_id)
        self.function: lambda_.Function = functions.function(
            construct_id, timeout=Duration.minutes(15), memory_mib=256, package="resources"
        )
        assert isinstance(self.function.role, iam.Role)
        # A policy of its own: as one of the role's it would need the function that needs the role.
        self._continuation = iam.Policy(self, "Continuation", roles=[self.function.role])
        allow(self._continuation, "lambda:InvokeFunction", on=[self.function.function_arn])

    def resource(self, scope: Construct, construct_id: str, **properties: Any) -> CustomResource:
        """A resource in `scope` with these properties, spelled as the function reads them."""
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
    """Numbers as CloudFormation hands them to a custom resource, so that they are not changed on the way."""
    return {name: str(number) for name, number in numbers.items()}
