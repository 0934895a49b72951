"""Adapter of platform hyperpod-slurm."""

from __future__ import annotations

from atelier.platforms.clusters import clusters_of_type
from atelier.platforms.slurm.cluster import SlurmCluster
from lambdas.adapters.platforms import AdapterContext
from lambdas.adapters.slurm_training_jobs import SlurmTrainingJobs


def training_jobs(context: AdapterContext) -> SlurmTrainingJobs:
    """The bucket, and the queue of each cluster's agent."""
    return SlurmTrainingJobs(
        clusters={cluster.name: cluster for cluster in clusters_of_type(context.clusters, SlurmCluster)},
        bucket=context.bucket,
        s3=context.client("s3"),
        sqs=context.client("sqs"),
        now=context.now,
    )


job_logs = training_jobs
