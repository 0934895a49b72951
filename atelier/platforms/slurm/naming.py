"""S3 keys and node folders of jobs on a Slurm cluster."""

from __future__ import annotations

PREFIX = "slurm/"


def cluster_prefix(cluster: str) -> str:
    """Prefix of all objects that a cluster and the pipeline exchange."""
    return f"{PREFIX}{cluster}/"


def bundle_key(cluster: str, job: str) -> str:
    """Key of a job's bundle. The job is requested as long as the object exists."""
    return f"{cluster_prefix(cluster)}inbox/{job}.json"


def status_key(cluster: str, job: str) -> str:
    """Key of a job's status object, written by the cluster's agent."""
    return f"{cluster_prefix(cluster)}status/{job}.json"


def log_key(cluster: str, job: str) -> str:
    """Key of a job's log."""
    return f"{cluster_prefix(cluster)}logs/{job}.log"


def heartbeat_key(cluster: str) -> str:
    """Key of the heartbeat of the cluster's agent."""
    return f"{cluster_prefix(cluster)}heartbeat.json"


def job_folder(shared_folder: str, job: str) -> str:
    """A job's folder on every node."""
    return f"{shared_folder.rstrip('/')}/atelier/jobs/{job}"
