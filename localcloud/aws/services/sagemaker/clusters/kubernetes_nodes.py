"""A HyperPod cluster's nodes in the Kubernetes of its EKS cluster.

Names and labels: docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-hyperpod-eks-resiliency-node-labels.html,
sagemaker-hyperpod-cli and sagemaker-hyperpod-recipes, whose selectors they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ministack.core import responses
from ministack.services import ec2, eks

from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.credentials import node_environ
from localcloud.aws.services.sagemaker.clusters.orchestrator import OrchestratorFailed
from localcloud.aws.services.sagemaker.clusters.pod_logs import PodLogs
from localcloud.common.endpoint import Endpoint
from localcloud.common.service_error import ServiceError
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.eks import EksClusters, Place
from localcloud.kubernetes.kubelet.environment import NotConfigured

LABEL = "sagemaker.amazonaws.com"
HEALTH_LABEL = f"{LABEL}/node-health-status"
# What HyperPod's health monitoring agent, or a person, labels a sick node with, and what is done then.
REPAIRS = {"UnschedulablePendingReplacement": "Replace", "UnschedulablePendingReboot": "Reboot"}
RESTRICTED_TAINT = {"key": f"{LABEL}/RestrictedNode", "value": "Worker", "effect": "NoSchedule"}
IN_USE = 409


class KubernetesNodes:
    """Adds and removes nodes; the orchestrator of clusters on EKS."""

    def __init__(self, eks_clusters: EksClusters, endpoint: Endpoint) -> None:
        self._eks_clusters = eks_clusters
        self._endpoint = endpoint
        self._logs = PodLogs(endpoint)

    def ensure(self, cluster: HyperPodCluster) -> None:
        """Give the groups' roles access, and make the cluster's nodes equal to these."""
        place = place_of(cluster)
        kubernetes = self._eks_clusters.find(place)
        if kubernetes is None:
            raise OrchestratorFailed(f"EKS cluster {cluster.eks_cluster_arn} does not exist any more")
        for group in cluster.groups:
            _admit(place, group.execution_role)
        self.join(cluster, kubernetes)
        expected = {name_of(node) for _, node in cluster.running()}
        for name in kubernetes.node_names():
            if name not in expected:
                kubernetes.remove_node(name)

    def join(self, cluster: HyperPodCluster, kubernetes: Cluster) -> None:
        """Create or update the nodes, with the source of their pods' credentials."""
        for group, node in cluster.running():
            kubernetes.set_node(
                name_of(node),
                _labels(cluster, group, node),
                node.capacity.allocatable(),
                _taints(group),
                partial(self._environ, cluster, group, node),
                partial(self._logs.take, cluster, group, node),
            )

    def delete(self, cluster: HyperPodCluster) -> None:
        """Remove the nodes. The access entries stay, as on HyperPod."""
        kubernetes = self._eks_clusters.find(place_of(cluster))
        if kubernetes is not None:
            for name in kubernetes.node_names():
                kubernetes.remove_node(name)

    def _environ(self, cluster: HyperPodCluster, group: Group, node: Node) -> Mapping[str, str]:
        try:
            return node_environ(cluster, group, node, self._endpoint)
        except ServiceError as error:
            raise NotConfigured(f"node {name_of(node)} has no credentials: {error.message}") from error


def place_of(cluster: HyperPodCluster) -> Place:
    """The region and name of the EKS cluster that orchestrates the cluster."""
    arn = (cluster.eks_cluster_arn or "").split(":")
    return Place(arn[4], arn[3], arn[5].removeprefix("cluster/"))


def name_of(node: Node) -> str:
    """A node is called after its instance."""
    return f"hyperpod-{node.instance_id}"


def _labels(cluster: HyperPodCluster, group: Group, node: Node) -> dict[str, str]:
    given: dict[str, str] = dict(group.specification.get("KubernetesConfig", {}).get("Labels", {}))
    labels = {
        **given,
        "node.kubernetes.io/instance-type": node.instance_type,
        "beta.kubernetes.io/instance-type": node.instance_type,
        "topology.kubernetes.io/region": cluster.region,
        f"{LABEL}/cluster-name": cluster.name,
        f"{LABEL}/compute-type": "hyperpod",
        f"{LABEL}/instance-group-name": group.name,
        HEALTH_LABEL: "Schedulable",
    }
    subnet = ec2._subnets.get_scoped(cluster.account_id, cluster.region, node.subnet_id)
    if subnet is not None:
        labels["topology.kubernetes.io/zone"] = subnet["AvailabilityZone"]
    if group.is_restricted:
        labels[f"{LABEL}/instance-group-type"] = "Restricted"
    if "OnStartDeepHealthChecks" in group.specification:
        labels[f"{LABEL}/deep-health-check-status"] = "Passed"
    return labels


def _taints(group: Group) -> tuple[dict[str, str], ...]:
    if group.is_restricted:
        return (RESTRICTED_TAINT,)
    given: list[dict[str, Any]] = group.specification.get("KubernetesConfig", {}).get("Taints", [])
    return tuple(
        {"key": taint["Key"], "value": taint.get("Value", ""), "effect": taint["Effect"]} for taint in given
    )


def _admit(place: Place, role_arn: str) -> None:
    """The access entry by which nodes join; HyperPod creates a missing one."""
    with responses.request_scope(place.account_id, place.region):
        entry = {"principalArn": role_arn, "type": "HYPERPOD_LINUX"}
        status, _headers, body = eks._create_access_entry(place.name, entry)
    if status not in (200, IN_USE):
        raise OrchestratorFailed(f"no access entry for {role_arn}: {body.decode()}")
