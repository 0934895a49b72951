"""Access entries: who may call a cluster's Kubernetes API, and with which rights."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack, aws_eks as eks, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from components.eks.control_plane import ControlPlane
from components.permissions import allow

JOBS_GROUP = "atelier-jobs"
WATCH_GROUP = "atelier-watch"
"""Kubernetes groups, bound to a Role in each namespace with jobs (see job_access)."""


class ClusterAccess(Construct):
    """Access entries; the control plane does not read an aws-auth ConfigMap."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        control_plane: ControlPlane,
        administrators: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._control_plane = control_plane
        for name in administrators:
            role = Stack.of(self).format_arn(service="iam", region="", resource="role", resource_name=name)
            self._administrator(f"Administrator{name.replace('/', '')}", role)

    def admit_nodes(self, execution_role: iam.IRole) -> eks.CfnAccessEntry:
        """Let nodes join. HyperPod would create this entry itself, and not delete it."""
        return self._entry(self, "Nodes", principal_arn=execution_role.role_arn, type="HYPERPOD_LINUX")

    def admit_administrator(self, construct_id: str, role: iam.IRole) -> eks.CfnAccessEntry:
        """Make `role` an administrator, who alone may grant rights beyond their own."""
        return self._administrator(construct_id, role.role_arn)

    def grant_submit_jobs(self, function: lambda_.Function) -> None:
        """Submit, read and delete jobs in their namespaces, through one Kubernetes group.

        The function's own stack grants its permissions in AWS (ClusterClients).
        """
        self._group(self, function.node.id, function, JOBS_GROUP)

    def grant_watch(self, function: lambda_.Function) -> None:
        """List pods in the namespaces of jobs."""
        allow(function, "eks:DescribeCluster", on=[self._control_plane.cluster.attr_arn])
        self._group(function, "ClusterAccess", function, WATCH_GROUP)

    def _group(self, scope: Construct, construct_id: str, function: lambda_.Function, group: str) -> None:
        assert function.role is not None
        self._entry(
            scope,
            construct_id,
            principal_arn=function.role.role_arn,
            type="STANDARD",
            kubernetes_groups=[group],
        )

    def _administrator(self, construct_id: str, principal_arn: str) -> eks.CfnAccessEntry:
        policy = f"arn:{Stack.of(self).partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
        return self._entry(
            self,
            construct_id,
            principal_arn=principal_arn,
            type="STANDARD",
            access_policies=[
                eks.CfnAccessEntry.AccessPolicyProperty(
                    policy_arn=policy,
                    access_scope=eks.CfnAccessEntry.AccessScopeProperty(type="cluster"),
                )
            ],
        )

    def _entry(
        self,
        scope: Construct,
        construct_id: str,
        *,
        principal_arn: str,
        type: str,  # noqa: A002 (the property's name)
        kubernetes_groups: list[str] | None = None,
        access_policies: list[eks.CfnAccessEntry.AccessPolicyProperty] | None = None,
    ) -> eks.CfnAccessEntry:
        return eks.CfnAccessEntry(
            scope,
            construct_id,
            cluster_name=self._control_plane.name,
            principal_arn=principal_arn,
            type=type,
            kubernetes_groups=kubernetes_groups,
            access_policies=access_policies,
        )
