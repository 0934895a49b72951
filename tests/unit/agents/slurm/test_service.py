"""The agent's loop: when it looks, what becomes of messages, and its heartbeat."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agents.slurm.composition import build
from agents.slurm.messages import Message, Queue
from agents.slurm.service import Service
from agents.slurm.slurm import Seen
from agents.slurm.workers import Workers
from atelier.platforms.slurm import naming
from tests.fixtures.fake_slurm import FakeSlurm
from tests.fixtures.folder_cloud import FolderS3, FolderSqs, error
from tests.fixtures.runs import BUCKET
from tests.fixtures.slurm_jobs import (
    CLUSTER,
    NAME,
    QUEUE_URL,
    a_config,
    a_job,
    put_bundle,
    put_inputs,
    told,
)


class Running:
    """An agent whose loop turns in a thread."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.s3 = FolderS3(folder / "cloud")
        self.sqs = FolderSqs(folder / "queues")
        self.slurm = FakeSlurm()
        shared = str(folder / "fsx")
        self.job = a_job(cluster=replace(CLUSTER, shared_folder=shared, linked=()))
        put_inputs(self.s3)
        quick = {"poll_seconds": 0.6, "look_seconds": 0.02, "inbox_seconds": 60, "heartbeat_seconds": 0.02}
        config = a_config(
            shared, runtime="process", programs={self.job.image: ["train"]}, **{**quick, **changes}
        )
        slurm: Any = self.slurm
        self.service: Service = build(config, s3=self.s3, sqs=self.sqs, slurm=slurm)

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=body)

    def heartbeat(self) -> dict[str, Any]:
        path = self.s3.path(BUCKET, naming.heartbeat_key(CLUSTER.name))
        return json.loads(path.read_bytes()) if path.exists() else {}

    @contextmanager
    def turning(self) -> Iterator[None]:
        thread = threading.Thread(target=self.service.run)
        thread.start()
        try:
            yield
        finally:
            self.service.stop()
            thread.join(5)
            assert not thread.is_alive()


def wait_until(is_there: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.005)


MESSAGE = json.dumps({"action": "submit", "job": NAME, "bundle": "s3://x"})


def test_a_message_makes_it_look_and_is_deleted_when_the_work_is_done(tmp_path: Path) -> None:
    agent = Running(tmp_path)
    with agent.turning():
        wait_until(agent.heartbeat)
        put_bundle(agent.s3, agent.job)
        agent.send(MESSAGE)
        wait_until(lambda: not agent.sqs.messages(QUEUE_URL))
        assert agent.slurm.submitted == [NAME]


def test_what_lies_in_the_inbox_is_found_without_a_message(tmp_path: Path) -> None:
    agent = Running(tmp_path)
    put_bundle(agent.s3, agent.job)
    with agent.turning():
        wait_until(lambda: agent.slurm.submitted)


def test_a_job_whose_bundle_is_gone_is_cancelled_without_a_message(tmp_path: Path) -> None:
    agent = Running(tmp_path, inbox_seconds=0.02)
    put_bundle(agent.s3, agent.job)
    with agent.turning():
        wait_until(lambda: agent.slurm.submitted)
        agent.s3.path(BUCKET, naming.bundle_key(CLUSTER.name, NAME)).unlink()
        wait_until(lambda: (told(agent.s3, NAME) or {}).get("state") == "CANCELLED")


def test_a_message_whose_work_failed_is_left_to_come_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    agent = Running(tmp_path)
    agent.slurm.is_down = True
    with agent.turning():
        wait_until(agent.heartbeat)
        put_bundle(agent.s3, agent.job)
        agent.send(MESSAGE)
        wait_until(lambda: "job_not_attended" in caplog.text)
    assert len(agent.sqs.messages(QUEUE_URL)) == 1


def test_a_queue_that_fails_does_not_end_the_agent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    agent = Running(tmp_path)
    agent.sqs.receive_refusals = ["InternalError"]
    agent.sqs.delete_refusals = ["InternalError"]
    put_bundle(agent.s3, agent.job)
    agent.send(MESSAGE)
    with agent.turning():
        wait_until(lambda: "queue_unreachable" in caplog.text and "round_failed" in caplog.text)
        before = agent.heartbeat()["at"]
        wait_until(lambda: agent.heartbeat()["at"] > before)
    assert agent.slurm.submitted == [NAME]


def test_a_message_stays_invisible_while_its_job_is_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Running(tmp_path, visibility_seconds=1)
    submitted, released = threading.Event(), threading.Event()

    def hold() -> None:
        submitted.set()
        released.wait(10)

    agent.slurm.during_submit = hold
    put_bundle(agent.s3, agent.job)
    agent.send(MESSAGE)
    extended: list[str] = []
    keep = agent.sqs.change_message_visibility

    def count_and_keep(**call: Any) -> None:
        extended.append(call["ReceiptHandle"])
        keep(**call)

    with agent.turning():
        assert submitted.wait(10)
        monkeypatch.setattr(agent.sqs, "change_message_visibility", count_and_keep)
        wait_until(lambda: len(extended) >= 2)
        released.set()
        wait_until(lambda: not agent.sqs.messages(QUEUE_URL))
    assert agent.slurm.submitted == [NAME]


@pytest.mark.parametrize(
    "body", ["{", "[]", '{"action": "reboot", "job": "a"}', '{"action": "submit", "job": "../a"}']
)
def test_a_message_that_is_none_harms_nothing_and_is_left_for_the_dead_letters(
    tmp_path: Path, body: str
) -> None:
    agent = Running(tmp_path)
    with agent.turning():
        agent.send(body)
        wait_until(agent.heartbeat)
        put_bundle(agent.s3, agent.job)
        agent.send(MESSAGE)
        wait_until(lambda: agent.slurm.submitted)
        wait_until(lambda: agent.sqs.messages(QUEUE_URL) == [body])


def test_the_heartbeat_says_whether_slurm_answers_and_how_many_jobs_there_are(tmp_path: Path) -> None:
    agent = Running(tmp_path)
    put_bundle(agent.s3, agent.job)
    with agent.turning():
        wait_until(lambda: agent.heartbeat().get("jobs") == 1)
        wait_until(lambda: agent.heartbeat()["slurm"] == "up")
        agent.slurm.is_down = True
        wait_until(lambda: agent.heartbeat()["slurm"] == "down")
    assert datetime.fromisoformat(agent.heartbeat()["at"]).tzinfo is not None
    assert len(agent.heartbeat()["version"]) == 12


def test_no_two_threads_are_at_one_job() -> None:
    workers = Workers()
    started, released = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        released.wait(10)

    first = workers.start("a", work)
    assert started.wait(10)
    assert workers.start("a", work) is None
    other = workers.start("b", lambda: None)
    assert other is not None
    other.result(10)
    released.set()
    assert first is not None
    first.result(10)
    again = workers.start("a", lambda: None)
    assert again is not None
    again.result(10)


def test_a_receipt_that_has_expired_keeps_no_other_message_from_being_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    agent = Running(tmp_path, visibility_seconds=0.1)
    kept: list[str] = []
    for job in ("a-s0", "b-s0"):
        agent.send(json.dumps({"action": "submit", "job": job}))

    def keep(message: Message) -> None:
        if message.job not in kept:
            kept.append(message.job)
        raise error("InvalidParameterValue", "ChangeMessageVisibility")

    monkeypatch.setattr(Queue, "keep", lambda _queue, message: keep(message))
    monkeypatch.setattr(Workers, "start", lambda *_arguments: None)
    with agent.turning():
        wait_until(lambda: len(kept) == 2)
    assert "message_not_kept" in caplog.text


def test_a_stray_job_is_cancelled_by_the_loop(tmp_path: Path) -> None:
    agent = Running(tmp_path)
    put_bundle(agent.s3, agent.job)
    with agent.turning():
        wait_until(lambda: (told(agent.s3, NAME) or {}).get("state") == "PENDING")
        agent.slurm.others = [(NAME, Seen("7", "RUNNING"))]
        wait_until(lambda: agent.slurm.others == [(NAME, Seen("7", "CANCELLED"))])
    assert agent.slurm.queue[NAME].state == "PENDING"


def test_a_job_is_cancelled_although_all_transfers_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = Running(tmp_path, transfers=1, inbox_seconds=0.02)
    put_bundle(agent.s3, agent.job)
    with agent.turning():
        wait_until(lambda: (told(agent.s3, NAME) or {}).get("state") == "PENDING")
        at_it, released = threading.Event(), threading.Event()

        def slow(*_arguments: str) -> None:
            at_it.set()
            released.wait(10)

        monkeypatch.setattr(agent.s3, "download_file", slow)
        agent.s3.put_object(Bucket=BUCKET, Key="datasets/a/train.jsonl", Body=b"other")
        for number in range(5):
            cluster = replace(CLUSTER, shared_folder=str(tmp_path / "fsx"), linked=())
            put_bundle(agent.s3, a_job(run_id=f"other-2026112314050{number}", cluster=cluster))
        assert at_it.wait(10)
        agent.s3.delete_object(Bucket=BUCKET, Key=naming.bundle_key(CLUSTER.name, NAME))
        wait_until(lambda: (told(agent.s3, NAME) or {}).get("state") == "CANCELLED")
        assert not released.is_set()
        released.set()
