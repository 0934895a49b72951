"""The port to what runs jobs on a cluster's nodes: Kubernetes or Slurm."""

from __future__ import annotations

from typing import Protocol

from localcloud.aws.services.sagemaker.clusters.cluster import HyperPodCluster


class OrchestratorFailed(Exception):
    """The nodes cannot be put to work; the message becomes the cluster's FailureMessage."""


class Orchestrator(Protocol):
    """Both calls may be repeated without a change, for example after a restart."""

    def ensure(self, cluster: HyperPodCluster) -> None:
        """Let jobs run on the nodes in `cluster.running()`, and on no other of the cluster's."""

    def delete(self, cluster: HyperPodCluster) -> None:
        """The cluster is being deleted: end what runs on it, and forget it."""
