"""An environment's clusters as the pipeline's functions use them, from configuration."""

from __future__ import annotations

from atelier.platforms.base import JobCluster
from atelier.platforms.eks.cluster import Cluster
from config.cluster import ClusterConfig, EksOrchestrator
from config.job_namespaces import TEAM, job_namespaces
from config.job_storage import shared_storage
from config.model import Environment
from config.slurm_job_cluster import slurm_job_cluster


def job_clusters(environment: Environment, *, bucket: str) -> tuple[JobCluster, ...]:
    """The clusters to which jobs may be submitted, with the names that their stacks give them.

    On a cluster with task governance, Atelier's jobs belong to its first team.
    """
    return tuple(
        _on_eks(environment, cluster, cluster.orchestrator, bucket)
        if isinstance(cluster.orchestrator, EksOrchestrator)
        else slurm_job_cluster(environment, cluster)
        for cluster in environment.clusters
    )


def _on_eks(
    environment: Environment, cluster: ClusterConfig, orchestrator: EksOrchestrator, bucket: str
) -> Cluster:
    (namespace, *_) = job_namespaces(cluster)
    priority = cluster.task_governance and cluster.task_governance.jobs_priority
    return Cluster(
        name=environment.cluster_name(cluster),
        configured_name=cluster.name,
        namespace=namespace,
        region=environment.region,
        account=environment.account,
        is_restricted=cluster.is_restricted,
        instance_types=tuple(
            dict.fromkeys(each for group in cluster.all_groups for each in group.instance_types)
        ),
        queue=f"{namespace}-localqueue" if namespace.startswith(TEAM) else None,
        priority=f"{priority}-priority" if priority else None,
        allows_services=orchestrator.services,
        storage=shared_storage(bucket) if orchestrator.lustre else None,
    )
