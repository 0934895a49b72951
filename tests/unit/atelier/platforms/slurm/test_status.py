"""What an agent says of a job, and what that means to the workflow that waits for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from atelier.operations.model import Phase, Status
from atelier.platforms.slurm.status import ReportedState, status_of
from tests.fixtures.slurm_jobs import CLUSTER, NAME, NOON, OUTPUT, a_job, a_status

JOB = a_job()


def a_heartbeat(at: int = NOON, slurm: str = "up") -> dict[str, Any]:
    return {"at": datetime.fromtimestamp(at, UTC).isoformat(), "slurm": slurm, "jobs": 1}


def describe(
    state: str | None = None,
    *,
    now: int = NOON,
    is_requested: bool = True,
    heartbeat: dict[str, Any] | None = None,
    **changes: Any,
) -> Status:
    status = a_status(JOB, state, **changes) if state else None
    reported = ReportedState(is_requested, status, heartbeat or a_heartbeat(now))
    return status_of(JOB, reported, cluster=CLUSTER, now=now)


def test_a_job_that_nobody_wants_and_nobody_saw_is_absent() -> None:
    assert describe(is_requested=False).phase is Phase.ABSENT


def test_a_job_whose_agent_has_not_seen_it_waits() -> None:
    assert describe() == Status(Phase.RUNNING, detail="not yet seen by the agent")


@pytest.mark.parametrize("state", ["FETCHING", "PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "UPLOADING"])
def test_a_job_that_has_not_ended_runs(state: str) -> None:
    status = describe(state, nodes="ip-10-1-0-[1-2]", loss=1.25, reason="Priority")
    assert status.phase is Phase.RUNNING
    assert status.detail == f"{state}, Priority on ip-10-1-0-[1-2], loss 1.25"


def test_a_job_whose_bundle_is_gone_is_stopping() -> None:
    assert describe("RUNNING", is_requested=False).is_stopping


def test_a_completed_job_names_its_model() -> None:
    status = describe("COMPLETED", started_at=NOON, ended_at=NOON + 61, output_files=2, is_requested=False)
    assert status.result == {
        "job_name": NAME,
        "cluster": "open-weights",
        "output_s3_path": OUTPUT,
        "model_artifacts": f"{OUTPUT}{NAME}/",
        "seconds": 61,
    }


def test_a_completed_job_without_output_is_no_success() -> None:
    status = describe("COMPLETED", output_files=0)
    assert (status.phase, status.error) == (Phase.FAILED, "CheckpointMissing")


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("FAILED", "JobFailed"),
        ("TIMEOUT", "JobFailed"),
        ("OUT_OF_MEMORY", "JobFailed"),
        ("NODE_FAIL", "JobFailed"),
        ("DEADLINE", "JobFailed"),
        ("BOOT_FAIL", "CapacityUnavailable"),
        ("PREEMPTED", "CapacityUnavailable"),
        ("REFUSED", "RequestRefused"),
        ("FORGOTTEN", "OperationLost"),
    ],
)
def test_a_job_that_ended_badly_fails_with_the_error_of_its_kind(state: str, error: str) -> None:
    status = describe(state, reason="Because", exit_code=7, signal=9, restarts=2, log_lines=["a", "", "b"])
    assert (status.phase, status.error) == (Phase.FAILED, error)
    assert f"{state}, Because, exit code 7, signal 9, restarts 2" in status.cause
    assert status.cause.endswith("its log ends:\na\nb")


def test_nodes_that_the_cluster_can_never_give_are_missing_capacity() -> None:
    reason = "sbatch: error: Batch job submission failed: Requested node configuration is not available"
    assert describe("REFUSED", reason=reason).error == "CapacityUnavailable"


def test_a_job_that_somebody_else_cancelled_was_stopped() -> None:
    status = describe("CANCELLED")
    assert (status.phase, status.error) == (Phase.STOPPED, "JobFailed")
    assert "cancelled, but not by Atelier" in status.cause


@pytest.mark.parametrize("reason", ["PartitionConfig", "DependencyNeverSatisfied", "Resources", "BeginTime"])
def test_a_job_that_waits_longer_than_the_limit_has_no_capacity(reason: str) -> None:
    limit = CLUSTER.start_within_seconds
    assert describe("PENDING", reason=reason, now=NOON + limit - 1).phase is Phase.RUNNING
    status = describe("PENDING", reason=reason, now=NOON + limit)
    assert (status.phase, status.error) == (Phase.FAILED, "CapacityUnavailable")
    assert reason in status.cause
    assert status.leaves_something, "so that settle takes it out of the queue"


def test_a_job_that_is_being_taken_back_waits_for_its_end_and_for_no_nodes() -> None:
    status = describe("PENDING", now=NOON + CLUSTER.start_within_seconds, is_requested=False)
    assert (status.phase, status.is_stopping, status.error) == (Phase.RUNNING, True, "")


def test_a_requeued_job_waits_from_its_requeue_on() -> None:
    status = describe("PENDING", since=NOON + 7200, restarts=1, now=NOON + 7300)
    assert status.phase is Phase.RUNNING


@pytest.mark.parametrize("state", [None, "RUNNING", "PENDING", "UPLOADING"])
def test_a_silent_agent_is_reported_and_the_job_keeps_its_last_state(state: str | None) -> None:
    limit = CLUSTER.silent_after_seconds
    later = NOON + CLUSTER.start_within_seconds
    assert describe(state, heartbeat=a_heartbeat(NOON), now=NOON + limit - 1).error == ""
    assert describe(state, heartbeat=a_heartbeat(NOON), now=NOON + limit).error == "ClusterUnreachable"
    status = describe(state, heartbeat=a_heartbeat(NOON), now=later)
    assert (status.phase, status.error) == (Phase.RUNNING, "ClusterUnreachable")
    assert "cluster open-weights has sent no heartbeat for 3600 s (limit 300 s)" in status.cause
    assert (state or "not yet seen") in status.cause


def test_an_agent_that_never_was_is_silent() -> None:
    reported = ReportedState(is_requested=True, status=None, heartbeat=None)
    status = status_of(JOB, reported, cluster=CLUSTER, now=NOON)
    assert status.error == "ClusterUnreachable"
    assert "has sent no heartbeat yet" in status.cause


def test_a_job_that_ended_has_ended_whatever_became_of_its_agent() -> None:
    status = describe("COMPLETED", output_files=1, heartbeat=a_heartbeat(NOON), now=NOON + 86400)
    assert status.phase is Phase.SUCCEEDED


def test_a_slurm_that_does_not_answer_is_told() -> None:
    assert "Slurm does not answer" in describe("RUNNING", heartbeat=a_heartbeat(slurm="down")).detail
