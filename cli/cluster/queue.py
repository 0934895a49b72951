"""A Slurm cluster's jobs, as its agent last reported them in the bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from atelier.platforms.slurm import naming

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNSEEN = "UNSEEN"
"""State of a submitted job that the agent has not reported yet."""


@dataclass(frozen=True)
class QueuedJob:
    """One job. Times are seconds since the epoch; `state` is Slurm's word, or one of the agent's."""

    job: str
    state: str
    reported_at: float
    slurm_job_id: str | None = None
    reason: str = ""
    nodes: str = ""
    restarts: int = 0
    submitted_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    exit_code: int | None = None
    loss: float | None = None


@dataclass(frozen=True)
class Heartbeat:
    """The agent's last heartbeat; `age_seconds` is None before the first."""

    age_seconds: float | None
    slurm: str = ""
    jobs: int = 0


class ClusterQueue:
    """Reads one cluster's part of the bucket."""

    def __init__(self, *, s3: S3Client, bucket: str, cluster: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._cluster = cluster

    def jobs(self, count: int) -> list[QueuedJob]:
        """The latest jobs, newest change first, after those that the agent has not seen yet."""
        reported = dict(self._listed(naming.status_key(self._cluster, "")))
        submitted = dict(self._listed(naming.bundle_key(self._cluster, "")))
        unseen = sorted(submitted.keys() - reported.keys(), key=submitted.__getitem__, reverse=True)
        latest = sorted(reported, key=reported.__getitem__, reverse=True)
        jobs = [QueuedJob(job, UNSEEN, submitted[job]) for job in unseen[:count]]
        return jobs + [self._job(job, reported[job]) for job in latest[: count - len(jobs)]]

    def heartbeat(self, now: float) -> Heartbeat:
        """When the agent sent its last heartbeat."""
        heartbeat = self._read(naming.heartbeat_key(self._cluster))
        if heartbeat is None:
            return Heartbeat(None)
        age = now - datetime.fromisoformat(heartbeat["at"]).timestamp()
        return Heartbeat(age, heartbeat["slurm"], heartbeat["jobs"])

    def _listed(self, empty_key: str) -> Iterator[tuple[str, float]]:
        """Job names from the keys of one kind of object, with the times of their last change."""
        prefix, ending = empty_key.removesuffix(".json"), ".json"
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                if each["Key"].endswith(ending):
                    name = each["Key"].removeprefix(prefix).removesuffix(ending)
                    yield name, each["LastModified"].timestamp()

    def _job(self, job: str, reported_at: float) -> QueuedJob:
        status = self._read(naming.status_key(self._cluster, job))
        if status is None:
            return QueuedJob(job, UNSEEN, reported_at)
        known = QueuedJob.__dataclass_fields__.keys() - {"job", "reported_at"}
        return QueuedJob(
            job=job,
            reported_at=reported_at,
            **{name: value for name, value in status.items() if name in known and value is not None},
        )

    def _read(self, key: str) -> Mapping[str, Any] | None:
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        document: Mapping[str, Any] = json.loads(body)
        return document


def as_json(heartbeat: Heartbeat, jobs: list[QueuedJob]) -> str:
    """The queue for a machine."""
    return json.dumps({"heartbeat": asdict(heartbeat), "jobs": [asdict(job) for job in jobs]}, indent=2)


def clock(seconds: float | None) -> str:
    """A time as a person reads it, in UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
