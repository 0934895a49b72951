"""The namespaces in which a cluster's jobs run, and who makes them."""

from __future__ import annotations

from components.cluster.governance import NAMESPACE
from config.cluster import ClusterConfig

KUBEFLOW = "kubeflow"
"""Where AWS's launchers put Nova's jobs; HyperPod's chart makes it with the training operator."""
OWN = "atelier"


def job_namespaces(cluster: ClusterConfig) -> dict[str, bool]:
    """Namespaces, true where nobody else makes them: a quota makes its team's."""
    if cluster.is_restricted:
        return {KUBEFLOW: False}
    teams = cluster.task_governance.teams if cluster.task_governance else ()
    return {f"{NAMESPACE}{team.name}": False for team in teams} or {OWN: True}
