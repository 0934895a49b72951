"""`atelier queue`: a cluster's jobs from what its agent left in the bucket."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.cluster.queue import ClusterQueue, Heartbeat
from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
RUN = "tool-calling-20261123120000"
TRAINING = {
    "schema_version": 1,
    "job": f"{RUN}-s0",
    "slurm_job_id": "17",
    "state": "RUNNING",
    "reason": "",
    "nodes": "ip-10-1-0-[1-2]",
    "restarts": 1,
    "submitted_at": NOON - 100,
    "started_at": NOON - 90,
    "ended_at": None,
    "loss": 1.25,
    "log_lines": ["global_step=3"],
}
FAILED = {**TRAINING, "job": "old-20261122120000-s0", "state": "FAILED", "reason": "NonZeroExitCode"}
FAILED |= {"exit_code": 7, "ended_at": NOON - 30, "loss": None, "slurm_job_id": "16"}


class NoSuchKey(Exception):
    pass


class Bucket:
    """As much of S3 as the queue asks for: objects, with when they were last written."""

    class exceptions:  # noqa: N801 (boto3's own word)
        NoSuchKey = NoSuchKey

    def __init__(self) -> None:
        self.objects: dict[str, tuple[float, bytes]] = {}

    def put(self, key: str, document: Mapping[str, Any], at: float) -> None:
        self.objects[key] = (at, json.dumps(document).encode())

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "artifacts"
        if Key not in self.objects:
            raise NoSuchKey(Key)
        return {"Body": io.BytesIO(self.objects[Key][1])}

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        found = [
            {"Key": key, "LastModified": datetime.fromtimestamp(at, UTC)}
            for key, (at, _) in sorted(self.objects.items())
            if key.startswith(Prefix)
        ]
        # One an answer, as of a long list; and an empty one, as of a prefix without objects.
        yield from ({"Contents": [each]} for each in found)
        yield {}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """DEV's, with two jobs of which the agent told, and one that waits for it."""
    bucket = Bucket()
    bucket.put("slurm/slurm/status/old-20261122120000-s0.json", FAILED, NOON - 30)
    bucket.put(f"slurm/slurm/status/{RUN}-s0.json", TRAINING, NOON - 5)
    bucket.put(f"slurm/slurm/inbox/{RUN}-s0.json", {}, NOON - 110)
    bucket.put(f"slurm/slurm/inbox/{RUN}-s1.json", {}, NOON - 3)
    heartbeat = {"at": "2026-11-23T11:59:48+00:00", "version": "1", "slurm": "up", "jobs": 1}
    bucket.put("slurm/slurm/heartbeat.json", heartbeat, NOON - 12)
    monkeypatch.setattr("client.connection.clients", lambda _environment: lambda _service: bucket)
    monkeypatch.setattr("client.connection.pipeline_outputs", lambda *_: {"BucketName": "artifacts"})
    monkeypatch.setattr("time.time", lambda: NOON)
    return bucket


def queue(bucket: Bucket) -> ClusterQueue:
    s3: Any = bucket
    return ClusterQueue(s3=s3, bucket="artifacts", cluster="slurm")


def test_jobs_are_the_latest_first_and_those_that_nobody_saw_before_all(bucket: Bucket) -> None:
    jobs = queue(bucket).jobs(20)
    assert [(job.job, job.state) for job in jobs] == [
        (f"{RUN}-s1", "UNSEEN"),
        (f"{RUN}-s0", "RUNNING"),
        ("old-20261122120000-s0", "FAILED"),
    ]
    assert [job.job for job in queue(bucket).jobs(2)] == [f"{RUN}-s1", f"{RUN}-s0"]


def test_an_agent_that_never_spoke_has_no_age(bucket: Bucket) -> None:
    assert queue(bucket).heartbeat(NOON) == Heartbeat(12, "up", 1)
    del bucket.objects["slurm/slurm/heartbeat.json"]
    assert queue(bucket).heartbeat(NOON) == Heartbeat(None)


@pytest.mark.usefixtures("bucket")
def test_the_table_shows_how_jobs_stand_and_that_the_agent_lives() -> None:
    done = atelier("queue", "slurm", "--env", "dev")
    assert done.exit_code == ExitCode.OK
    heard, title, *rows = done.output.splitlines()
    assert heard == "its agent was heard 12 s ago, Slurm is up, jobs of ours: 1"
    assert title.split()[:3] == ["job", "state", "Slurm"]
    assert rows[0].split()[:2] == [f"{RUN}-s1", "UNSEEN"]
    assert rows[1].split() == [
        f"{RUN}-s0", "RUNNING", "17", "ip-10-1-0-[1-2]", "2026-11-23", "11:58", "1", "min", "30", "s", "1.250"
    ]  # fmt: skip
    assert rows[2].endswith("NonZeroExitCode")


@pytest.mark.usefixtures("bucket")
def test_a_machine_reads_everything() -> None:
    document = json.loads(atelier("queue", "slurm", "--env", "dev", "--json").output)
    assert document["heartbeat"] == {"age_seconds": 12, "slurm": "up", "jobs": 1}
    assert [job["exit_code"] for job in document["jobs"]] == [None, None, 7]
    assert document["jobs"][1]["loss"] == 1.25


def test_an_empty_queue_and_a_silent_agent_are_said(bucket: Bucket) -> None:
    bucket.objects.clear()
    done = atelier("queue", "slurm", "--env", "dev")
    assert done.output.splitlines() == ["its agent has never been heard of", "no jobs on slurm yet"]
