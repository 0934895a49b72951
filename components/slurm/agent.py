"""Files on the nodes of a Slurm cluster: scripts, the agent and its configuration."""

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
    """Lifecycle scripts, the controller's agent and the agent's configuration, by path.

    Nodes read all of them from the bucket: they download nothing from the internet while they start.
    """
    config = {
        "cluster": cluster.name,
        "region": region,
        "bucket": bucket.bucket.bucket_name,
        "prefix": naming.cluster_prefix(cluster.name),
        "queue_url": queue.queue.queue_url,
        "shared_folder": SHARED_FOLDER,
        "runtime": "enroot",
        # HyperPod's srun plugin has no effect if HyperPod does not replace nodes.
        "auto_resume": cluster.node_recovery,
    }
    return {**scripts_of("slurm"), **slurm_agent(), CONFIG: json.dumps(config, indent=2, sort_keys=True)}
