"""The namespaces in which a cluster's jobs run, and what creates them."""

from __future__ import annotations

from config.cluster import ClusterConfig, EksOrchestrator

KUBEFLOW = "kubeflow"
"""Namespace of Nova's jobs in AWS's launchers; HyperPod's chart creates it."""
TEAM = "hyperpod-ns-"
"""Prefix of a team's namespace, which its quota creates."""
OWN = "atelier"


def job_namespaces(cluster: ClusterConfig) -> dict[str, bool]:
    """Namespaces of a cluster on EKS; true for those that the cluster's stack must create."""
    assert isinstance(cluster.orchestrator, EksOrchestrator)
    if cluster.is_restricted:
        return {KUBEFLOW: not cluster.orchestrator.charts}
    teams = cluster.task_governance.teams if cluster.task_governance else ()
    return {f"{TEAM}{team.name}": False for team in teams} or {OWN: True}
