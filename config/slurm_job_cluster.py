"""A Slurm cluster as the pipeline knows it, from configuration alone: names, partitions, where files are."""

from __future__ import annotations

from atelier import names
from atelier.platforms.slurm.cluster import LinkedPrefix, Partition, SlurmCluster
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import NodeType

SHARED_FOLDER = "/fsx"
HOMES = "/home"
LINKS = {names.DATASETS_PREFIX: "/datasets"}
"""Paths below the shared folder, by the prefix of the bucket that they show."""


def queue_name(environment: Environment, cluster: ClusterConfig) -> str:
    """`atelier-dev-open-weights-jobs`: both sides know it from configuration."""
    return f"{environment.cluster_name(cluster)}-jobs"


def slurm_job_cluster(environment: Environment, cluster: ClusterConfig) -> SlurmCluster:
    """Where jobs of a cluster may go, and how."""
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
