"""HyperPod clusters put together: records, operations, and what orchestrates the nodes."""

from __future__ import annotations

from localcloud.home import Home
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.eks import EksClusters, Place
from localcloud.services.endpoint import Endpoint
from localcloud.services.sagemaker.clusters.cluster import HyperPodCluster
from localcloud.services.sagemaker.clusters.kubernetes_nodes import KubernetesNodes, place_of
from localcloud.services.sagemaker.clusters.node_operations import NodeOperations
from localcloud.services.sagemaker.clusters.operations import ClusterOperations
from localcloud.services.sagemaker.clusters.orchestrator import Orchestrator
from localcloud.services.sagemaker.clusters.provisioner import Provisioner
from localcloud.services.sagemaker.clusters.store import Clusters
from localcloud.services.service import Operation


class ClusterApi:
    """`store` holds the clusters; `resume` is called once the rest of the cloud has its state again."""

    def __init__(
        self, home: Home, endpoint: Endpoint, eks_clusters: EksClusters, slurm: Orchestrator
    ) -> None:
        self.store = Clusters(home.state / "clusters")
        self._kubernetes = KubernetesNodes(eks_clusters, endpoint)
        self._slurm = slurm
        provisioner = Provisioner(self.store, self._orchestrator_of, endpoint)
        self.resume = provisioner.resume
        self._operations: dict[str, Operation] = {
            **ClusterOperations(self.store, provisioner, eks_clusters).by_name(),
            **NodeOperations(self.store, provisioner).by_name(),
        }
        eks_clusters.before_start(self._rejoin)

    def by_name(self) -> dict[str, Operation]:
        return self._operations

    def _orchestrator_of(self, cluster: HyperPodCluster) -> Orchestrator:
        return self._slurm if cluster.eks_cluster_arn is None else self._kubernetes

    def _rejoin(self, place: Place, kubernetes: Cluster) -> None:
        """A Kubernetes cluster starts: its nodes are there from before, what they give to pods is not."""
        for cluster in self.store.all():
            if cluster.eks_cluster_arn is not None and place_of(cluster) == place:
                self._kubernetes.join(cluster, kubernetes)
