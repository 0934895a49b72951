"""Kubernetes objects as resources of a cluster's stack (ADR 0076)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import CustomResource, Stack
from constructs import Construct

from components.eks.access import ClusterAccess
from components.eks.control_plane import ControlPlane
from components.function_factory import FunctionFactory
from components.hyperpod.custom_resources import CustomResources
from components.permissions import allow


class ClusterObjects(Construct):
    """Objects that one function applies, as an administrator, who alone may create any Role."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        control_plane: ControlPlane,
        access: ClusterAccess,
        functions: FunctionFactory,
    ) -> None:
        super().__init__(scope, construct_id)
        self._control_plane = control_plane
        self._resources = CustomResources(self, "ApplyObjects", functions=functions)
        allow(self._resources.function, "eks:DescribeCluster", on=[control_plane.cluster.attr_arn])
        assert self._resources.function.role is not None
        self._entry = access.admit_administrator("ApplyObjects", self._resources.function.role)

    def resource(self, construct_id: str, objects: Sequence[Mapping[str, Any]]) -> CustomResource:
        """Apply `objects` in this order, and delete them in reverse; they may hold references."""
        resource = self._resources.resource(
            self,
            construct_id,
            Cluster=self._control_plane.name,
            # As JSON text: CloudFormation passes numbers and booleans as strings.
            Objects=[Stack.of(self).to_json_string(manifest) for manifest in objects],
        )
        resource.node.add_dependency(self._entry)
        return resource
