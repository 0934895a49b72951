"""The namespaces in which a cluster's jobs run, and who makes them."""

from __future__ import annotations

from config.cluster import ClusterConfig, EksOrchestrator

KUBEFLOW = "kubeflow"
"""Where AWS's launchers put Nova's jobs; HyperPod's chart makes it with the training operator."""
TEAM = "hyperpod-ns-"
"""With a team's name behind it: the namespace that its quota makes."""
OWN = "atelier"


def job_namespaces(cluster: ClusterConfig) -> dict[str, bool]:
    """Namespaces of a cluster on EKS, true where nobody else makes them: a quota makes its team's."""
    assert isinstance(cluster.orchestrator, EksOrchestrator)
    if cluster.is_restricted:
        return {KUBEFLOW: not cluster.orchestrator.charts}
    teams = cluster.task_governance.teams if cluster.task_governance else ()
    return {f"{TEAM}{team.name}": False for team in teams} or {OWN: True}
