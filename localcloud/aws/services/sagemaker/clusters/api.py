"""HyperPod clusters put together: records, operations, and what orchestrates the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from localcloud.aws.services.sagemaker.clusters.cluster import HyperPodCluster
from localcloud.aws.services.sagemaker.clusters.kubernetes_nodes import (
    HEALTH_LABEL,
    REPAIRS,
    KubernetesNodes,
    name_of,
    place_of,
)
from localcloud.aws.services.sagemaker.clusters.node_operations import NodeOperations
from localcloud.aws.services.sagemaker.clusters.operations import ClusterOperations
from localcloud.aws.services.sagemaker.clusters.orchestrator import Orchestrator
from localcloud.aws.services.sagemaker.clusters.provisioner import Provisioner
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.aws.services.service import Operation
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.eks import EksClusters, Place


class ClusterApi:
    """`store` holds the clusters; `resume` is called once the rest of the cloud has its state again."""

    def __init__(
        self, home: Home, endpoint: Endpoint, eks_clusters: EksClusters, slurm: Orchestrator
    ) -> None:
        self.store = Clusters(home.state / "clusters")
        self._kubernetes = KubernetesNodes(eks_clusters, endpoint)
        self._slurm = slurm
        self._provisioner = Provisioner(self.store, self._orchestrator_of, endpoint)
        self.resume = self._provisioner.resume
        self._operations: dict[str, Operation] = {
            **ClusterOperations(self.store, self._provisioner, eks_clusters).by_name(),
            **NodeOperations(self.store, self._provisioner).by_name(),
        }
        eks_clusters.before_start(self._rejoin)

    def by_name(self) -> dict[str, Operation]:
        return self._operations

    def _orchestrator_of(self, cluster: HyperPodCluster) -> Orchestrator:
        return self._slurm if cluster.eks_cluster_arn is None else self._kubernetes

    def _rejoin(self, place: Place, kubernetes: Cluster) -> None:
        """A Kubernetes cluster starts: its nodes are there from before, what they give to pods is not."""
        kubernetes.on_node_labels(partial(self._labelled, place))
        cluster = self._orchestrated_by(place)
        if cluster is not None:
            self._kubernetes.join(cluster, kubernetes)

    def _labelled(self, place: Place, name: str, labels: Mapping[str, str]) -> None:
        """A node's labels have changed; they may say that it is sick."""
        repair = REPAIRS.get(labels.get(HEALTH_LABEL, ""))
        cluster = self._orchestrated_by(place)
        if repair is None or cluster is None:
            return
        for _, node in cluster.running():
            if name_of(node) == name:
                reason = f"Node {name} is labelled {labels[HEALTH_LABEL]}."
                self._provisioner.recover(cluster, node, reason, repair)

    def _orchestrated_by(self, place: Place) -> HyperPodCluster | None:
        for cluster in self.store.all():
            if cluster.eks_cluster_arn is not None and place_of(cluster) == place:
                return cluster
        return None
