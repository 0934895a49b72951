"""Adapters of platforms; a module is found by its platform's name.

Each has two factories: `training_jobs`, the port TrainingJobs as functions use it, and `job_logs`, the port
JobLogs for people, who have no way into a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

    from atelier.operations.ports import JobLogs, TrainingJobs
    from atelier.platforms.base import JobCluster


@dataclass(frozen=True, kw_only=True)
class AdapterContext:
    """What adapters are made from: `client` makes a service's boto3 client, `now` gives epoch seconds."""

    client: Callable[[str], Any]
    session: Callable[[], boto3.Session]
    bucket: str
    clusters: Sequence[JobCluster]
    now: Callable[[], int]


def training_jobs(platform: str, context: AdapterContext) -> TrainingJobs:
    """Port TrainingJobs of a platform."""
    port: TrainingJobs = _module(platform).training_jobs(context)
    return port


def job_logs(platform: str, context: AdapterContext) -> JobLogs:
    """Port JobLogs of a platform, for a caller outside the clusters' networks."""
    port: JobLogs = _module(platform).job_logs(context)
    return port


def _module(platform: str) -> Any:
    return import_module(f"{__name__}.{platform.replace('-', '_')}")
