"""What the agent on a Slurm cluster's controller is told, and the files by which it comes there."""

from __future__ import annotations

import json

from atelier.platforms.slurm import naming
from components.artifact_bucket import ArtifactBucket
from components.hyperpod.lifecycle_scripts import scripts_of, slurm_agent
from components.slurm.job_queue import JobQueue
from config.cluster import ClusterConfig
from config.slurm_job_cluster import SHARED_FOLDER

CONFIG = "agent.json"


def node_files(
    cluster: ClusterConfig, *, region: str, bucket: ArtifactBucket, queue: JobQueue
) -> dict[str, str]:
    """The scripts of a Slurm cluster's nodes with its agent, and the agent's configuration.

    All that a node runs of ours comes from the bucket: nothing is downloaded while it starts.
    """
    config = {
        "cluster": cluster.name,
        "region": region,
        "bucket": bucket.bucket.bucket_name,
        "prefix": naming.cluster_prefix(cluster.name),
        "queue_url": queue.queue.queue_url,
        "shared_folder": SHARED_FOLDER,
        "runtime": "enroot",
        # HyperPod's plugin of srun does nothing where HyperPod replaces no node.
        "auto_resume": cluster.node_recovery,
    }
    return {**scripts_of("slurm"), **slurm_agent(), CONFIG: json.dumps(config, indent=2, sort_keys=True)}
