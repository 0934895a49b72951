"""Alarms about the agent of a Slurm cluster."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration, aws_cloudwatch as cloudwatch

from atelier.platforms.slurm.cluster import SlurmCluster
from components.artifact_bucket import ArtifactBucket
from components.hyperpod.cluster_monitoring import EVERY, ClusterMonitoring
from components.slurm.job_queue import JobQueue
from config.cluster import ClusterConfig
from lambdas.cluster_metrics import SILENT_AGENT

MEASURE = "MeasureSlurmCluster"


def measured(cluster: ClusterConfig, bucket: ArtifactBucket) -> Mapping[str, object]:
    """Event of the measuring function: where the heartbeat is, and when it is too old."""
    return {
        "bucket": bucket.bucket.bucket_name,
        "configured_name": cluster.name,
        "silent_after_seconds": SlurmCluster.silent_after_seconds,
    }


def add_agent_alarms(
    monitoring: ClusterMonitoring, *, cluster: ClusterConfig, bucket: ArtifactBucket, queue: JobQueue
) -> None:
    """Add alarms for a silent agent, and for messages that it could not handle."""
    bucket.grant_read_slurm_heartbeat(monitoring.function, cluster.name)
    monitoring.alarm(
        "SilentAgent",
        monitoring.metric(SILENT_AGENT),
        "has an agent without heartbeat: pipeline jobs do not start or end there",
        lasting=Duration.minutes(10),
        # Missing measurements trigger the alarm MissingNodes.
        missing=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    monitoring.alarm(
        "UndeliverableJobs",
        queue.dead_letters.metric_approximate_number_of_messages_visible(period=EVERY),
        "has messages that its agent could not handle",
        lasting=EVERY,
        missing=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
