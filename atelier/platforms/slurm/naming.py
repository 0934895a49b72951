"""Where a job of a Slurm cluster has its objects in the bucket, and its folder on the nodes."""

from __future__ import annotations

PREFIX = "slurm/"


def cluster_prefix(cluster: str) -> str:
    """Prefix of everything that a cluster and the pipeline tell each other."""
    return f"{PREFIX}{cluster}/"


def bundle_key(cluster: str, job: str) -> str:
    """Key of a job's bundle: while it is there, the job is wanted."""
    return f"{cluster_prefix(cluster)}inbox/{job}.json"


def status_key(cluster: str, job: str) -> str:
    """Key of what the cluster's agent last saw of a job."""
    return f"{cluster_prefix(cluster)}status/{job}.json"


def log_key(cluster: str, job: str) -> str:
    """Key of a job's log."""
    return f"{cluster_prefix(cluster)}logs/{job}.log"


def heartbeat_key(cluster: str) -> str:
    """Key of what says that the cluster's agent is at work."""
    return f"{cluster_prefix(cluster)}heartbeat.json"


def job_folder(shared_folder: str, job: str) -> str:
    """A job's own folder on every node."""
    return f"{shared_folder.rstrip('/')}/atelier/jobs/{job}"
