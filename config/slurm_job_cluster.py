"""A Slurm cluster as the pipeline uses it, from configuration: names, partitions, paths."""

from __future__ import annotations

from atelier import names
from atelier.platforms.slurm.cluster import LinkedPrefix, Partition, SlurmCluster
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import NodeType

SHARED_FOLDER = "/fsx"
HOMES = "/home"
LINKS = {names.DATASETS_PREFIX: "/datasets"}
"""Paths below the shared folder by the bucket's prefix that is linked there."""


def queue_name(environment: Environment, cluster: ClusterConfig) -> str:
    """Name of the job queue, such as `atelier-dev-open-weights-jobs`, for pipeline and cluster."""
    return f"{environment.cluster_name(cluster)}-jobs"


def slurm_job_cluster(environment: Environment, cluster: ClusterConfig) -> SlurmCluster:
    """The cluster's queue, partitions and paths for jobs."""
    return SlurmCluster(
        name=cluster.name,
        region=environment.region,
        queue_name=queue_name(environment, cluster),
        partitions=tuple(
            Partition(name=group.slurm.partition, instance_type=group.instance_types[0], nodes=group.count)
            for group in cluster.groups
            if group.slurm and group.slurm.node_type is NodeType.COMPUTE
        ),
        shared_folder=SHARED_FOLDER,
        linked=tuple(
            LinkedPrefix(prefix=prefix, path=SHARED_FOLDER + path) for prefix, path in LINKS.items()
        ),
    )
