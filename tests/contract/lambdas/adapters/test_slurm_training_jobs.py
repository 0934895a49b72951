"""Port TrainingJobs through a cluster's agent: what is its own beyond the suite of every platform."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused, AtelierError, RequestRefused, Throttled
from atelier.operations.model import OperationState, Phase
from atelier.platforms.slurm import naming
from lambdas.adapters.slurm_training_jobs import SlurmTrainingJobs
from tests.fixtures.folder_cloud import FolderS3, FolderSqs
from tests.fixtures.runs import BUCKET
from tests.fixtures.settled_job import SettledJob
from tests.fixtures.slurm_jobs import CLUSTER, NAME, NOON, QUEUE_URL, a_job, a_status, an_operation

JOB = a_job()
OPERATION = an_operation(JOB)
BUNDLE = naming.bundle_key(CLUSTER.name, NAME)


class Line:
    """The adapter before a bucket and a queue that store."""

    def __init__(self, folder: Path) -> None:
        self.s3 = FolderS3(folder)
        self.sqs = FolderSqs(folder / "queues")
        self.now = NOON
        self.jobs = SlurmTrainingJobs(
            clusters={CLUSTER.name: CLUSTER},
            bucket=BUCKET,
            s3=self.s3,  # type: ignore[arg-type]
            sqs=self.sqs,  # type: ignore[arg-type]
            now=lambda: self.now,
        )

    @property
    def bundle(self) -> Path:
        return self.s3.path(BUCKET, BUNDLE)

    def actions(self) -> list[str]:
        return [json.loads(body)["action"] for body in self.sqs.messages(QUEUE_URL)]

    def tell(self, state: str, **changes: object) -> None:
        body = json.dumps(a_status(JOB, state, **changes)).encode()
        self.s3.put_object(Bucket=BUCKET, Key=naming.status_key(CLUSTER.name, NAME), Body=body)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_submit_puts_the_bundle_first_and_then_tells_the_agent(line: Line) -> None:
    line.jobs.submit(OPERATION)
    assert json.loads(line.bundle.read_bytes()) == JOB.bundle()
    uri = f"s3://{BUCKET}/{BUNDLE}"
    (message,) = line.sqs.messages(QUEUE_URL)
    assert json.loads(message) == {"action": "submit", "job": NAME, "bundle": uri}


def test_a_submission_that_died_before_its_message_is_completed_by_the_next(line: Line) -> None:
    line.sqs.refusals.append("AccessDenied")
    with pytest.raises(AccessRefused, match="sqs:SendMessage"):
        line.jobs.submit(OPERATION)
    line.jobs.submit(OPERATION)
    assert line.actions() == ["submit"]


@pytest.mark.parametrize("state", ["RUNNING", "COMPLETED", "FAILED"])
def test_a_job_that_the_agent_has_is_found_and_not_wanted_again(line: Line, state: str) -> None:
    line.tell(state)
    line.jobs.submit(OPERATION)
    assert not line.bundle.exists()
    assert line.actions() == []


def test_a_name_that_an_ended_job_of_other_work_holds_is_refused(line: Line) -> None:
    line.tell("COMPLETED", bundle_sha256="other")
    with pytest.raises(RequestRefused, match="the name is taken by"):
        line.jobs.submit(OPERATION)
    assert line.jobs.describe(OPERATION).phase is Phase.ABSENT


def test_a_job_that_ends_while_it_is_looked_at_is_not_taken_for_one_that_never_was(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.jobs.submit(OPERATION)
    read = line.s3.get_object

    def the_agent_refuses_it_after_the_first_read(**asked: str) -> dict[str, object]:
        try:
            return read(**asked)
        finally:
            if line.bundle.exists():
                line.tell("REFUSED", reason="no such partition")
                line.bundle.unlink()

    monkeypatch.setattr(line.s3, "get_object", the_agent_refuses_it_after_the_first_read)
    assert line.jobs.describe(OPERATION).phase is Phase.FAILED


@pytest.mark.parametrize(("code", "error"), [("SlowDown", Throttled), ("AccessDenied", AccessRefused)])
def test_a_bucket_that_does_not_answer_has_lost_no_job(
    line: Line, code: str, error: type[AtelierError]
) -> None:
    line.jobs.submit(OPERATION)
    line.s3.refusals = [code]
    with pytest.raises(error):
        line.jobs.describe(OPERATION)
    assert line.jobs.describe(OPERATION).phase is Phase.RUNNING


def test_stop_takes_the_bundle_away_and_says_so_once(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.jobs.stop(OPERATION)
    line.jobs.stop(OPERATION)
    assert not line.bundle.exists()
    assert sorted(line.actions()) == ["cancel", "submit"]


def test_stop_leaves_the_bundle_of_other_work(line: Line) -> None:
    other = an_operation(a_job(data_s3_path=f"s3://{BUCKET}/datasets/other/train.jsonl"))
    line.jobs.submit(other)
    line.jobs.stop(OPERATION)
    assert line.bundle.exists()


def test_a_job_of_a_cluster_that_is_not_configured_is_refused(line: Line) -> None:
    elsewhere = replace(OPERATION, request={**OPERATION.request, "cluster": "other"})
    with pytest.raises(RequestRefused, match="cluster = 'other': jobs are submitted to open-weights"):
        line.jobs.submit(elsewhere)


def test_logs_may_be_asked_for_by_what_they_contain(line: Line) -> None:
    key = naming.log_key(CLUSTER.name, NAME)
    line.s3.put_object(Bucket=BUCKET, Key=key, Body=b"0: loss=2\n0: noise\n1: loss=3\n\xff\n")
    assert list(line.jobs.logs(NAME, containing=["loss"])) == ["0: loss=2", "1: loss=3"]


def test_the_calls_are_those_that_s3_and_sqs_take() -> None:
    session = boto3.Session("test", "test", region_name="us-east-1")
    s3, sqs = session.client("s3"), session.client("sqs")
    jobs = SlurmTrainingJobs(
        clusters={CLUSTER.name: CLUSTER}, bucket=BUCKET, s3=s3, sqs=sqs, now=lambda: NOON
    )
    with Stubber(s3) as bucket, Stubber(sqs) as queue:
        status = naming.status_key(CLUSTER.name, NAME)
        for missing in (status, BUNDLE):
            bucket.add_client_error(
                "get_object", "NoSuchKey", expected_params={"Bucket": BUCKET, "Key": missing}
            )
        put = {"Bucket": BUCKET, "Key": BUNDLE, "Body": JOB.bundle_bytes(), "ContentType": "application/json"}
        bucket.add_response("put_object", {}, put)
        queue.add_response("get_queue_url", {"QueueUrl": QUEUE_URL}, {"QueueName": CLUSTER.queue_name})
        body = {"action": "submit", "job": NAME, "bundle": f"s3://{BUCKET}/{BUNDLE}"}
        queue.add_response("send_message", {}, {"QueueUrl": QUEUE_URL, "MessageBody": json.dumps(body)})
        jobs.submit(OPERATION)
        bucket.assert_no_pending_responses()
        queue.assert_no_pending_responses()


def test_settle_makes_what_a_dead_submission_did_not(line: Line) -> None:
    waiting = SettledJob(line, replace(OPERATION, state=OperationState.RECORDED))
    waiting.settle()
    assert line.bundle.exists()
    assert waiting.row.state is OperationState.STARTED


def test_settle_keeps_looking_at_a_silent_cluster_until_the_deadline(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.tell("RUNNING")
    waiting = SettledJob(line, OPERATION)
    line.now = OPERATION.deadline - 1
    waiting.settle()
    assert waiting.tokens.outcomes == {}
    line.now = OPERATION.deadline
    waiting.settle()
    error, cause = waiting.tokens.outcomes["token"]
    assert error == "ClusterUnreachable"
    assert "last state of the job: RUNNING" in cause
    assert not line.bundle.exists(), "an agent that comes back cancels the job"


def test_a_job_without_nodes_is_taken_back_and_the_workflow_hears_why(line: Line) -> None:
    line.jobs.submit(OPERATION)
    line.tell("PENDING", reason="PartitionConfig")
    line.now += CLUSTER.start_within_seconds
    heartbeat = {"at": "2026-11-23T13:00:00+00:00", "slurm": "up", "jobs": 1}
    key = naming.heartbeat_key(CLUSTER.name)
    line.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(heartbeat).encode())
    waiting = SettledJob(line, OPERATION)
    waiting.settle()
    waiting.settle()
    assert waiting.tokens.outcomes["token"][0] == "CapacityUnavailable"
    assert not line.bundle.exists()
