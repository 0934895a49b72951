from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from atelier.errors import AccessRefused, ServiceUnavailable
from atelier.operations.model import Operation, OperationState, Phase, Status
from atelier.operations.settle import SECONDS_UNTIL_LOST, Fail, Submit, Succeed, Wait
from atelier.registry import HYPERPOD_EKS, HYPERPOD_SLURM
from tests.fixtures.operations import (
    ABSENT,
    FAILED,
    RUN_ID,
    RUNNING,
    SUCCEEDED,
    FakeService,
    FakeTokens,
    SettledOperation,
    an_operation,
)

JOB = f"{RUN_ID}-s0"


def test_settle_waits_while_the_job_runs() -> None:
    line = SettledOperation(RUNNING)
    assert isinstance(line.settle(), Wait)
    assert line.tokens.outcomes == {}
    assert line.row.state is OperationState.STARTED


def test_settle_notes_what_the_service_says_for_people() -> None:
    line = SettledOperation(Status(Phase.RUNNING, detail="0/2 nodes are available"))
    line.settle()
    assert line.row.detail == "0/2 nodes are available"
    line.service.jobs[JOB] = RUNNING
    line.settle()
    assert line.row.detail == RUNNING.detail


def test_settle_finishes_the_token_with_the_services_result_and_closes_the_row() -> None:
    line = SettledOperation(SUCCEEDED)
    assert isinstance(line.settle(), Succeed)
    assert line.tokens.outcomes == {"token-1": SUCCEEDED.result}
    assert (line.row.state, line.row.ended_at, line.row.error) == (OperationState.ENDED, 60, "")


def test_settle_fails_the_token_with_the_services_error() -> None:
    line = SettledOperation(FAILED)
    line.settle()
    assert line.tokens.outcomes == {"token-1": ("JobFailed", FAILED.cause)}
    assert (line.row.state, line.row.error) == (OperationState.ENDED, "JobFailed")


def test_settle_finishes_the_token_once_when_the_event_arrives_twice() -> None:
    line = SettledOperation(SUCCEEDED)
    stale = line.row
    line.settle()
    line.settle(now=90, row=stale)
    assert line.tokens.outcomes == {"token-1": SUCCEEDED.result}
    assert line.row.ended_at == 60


def test_settle_closes_the_row_of_a_token_that_is_gone() -> None:
    line = SettledOperation(SUCCEEDED)
    line.tokens.gone.add("token-1")
    line.settle()
    assert line.tokens.outcomes == {}
    assert line.row.state is OperationState.ENDED


def test_settle_makes_the_call_that_the_submitting_function_died_before() -> None:
    line = SettledOperation(ABSENT, OperationState.RECORDED)
    assert isinstance(line.settle(), Submit)
    assert line.service.starts == [JOB]
    assert line.row.state is OperationState.STARTED


def test_settle_stops_what_it_started_when_the_row_was_closed_meanwhile() -> None:
    line = SettledOperation(ABSENT, OperationState.RECORDED)

    class ClosedDuringTheCall(FakeService):
        def submit(self, operation: Operation) -> None:
            super().submit(operation)
            line.operations.close(operation, at=1, error="RunStopped")

    line.service = ClosedDuringTheCall()
    line.settle()
    assert line.service.stops == [JOB]


@pytest.mark.parametrize("status", [SUCCEEDED, FAILED])
def test_settle_keeps_the_row_open_until_the_token_is_finished(status: Status) -> None:
    line = SettledOperation(status)

    class Unreachable(FakeTokens):
        def succeed(self, token: str, result: Mapping[str, Any]) -> None:
            raise ServiceUnavailable("Step Functions does not answer")

        def fail(self, token: str, *, error: str, cause: str) -> None:
            raise ServiceUnavailable("Step Functions does not answer")

    line.tokens = Unreachable()
    with pytest.raises(ServiceUnavailable):
        line.settle()
    assert line.row.state is OperationState.STARTED


def test_settle_notes_the_start_that_the_submitting_function_died_after() -> None:
    line = SettledOperation(RUNNING, OperationState.RECORDED)
    line.settle()
    assert line.row.state is OperationState.STARTED


def test_settle_fails_the_token_when_the_call_it_makes_up_for_is_refused() -> None:
    line = SettledOperation(ABSENT, OperationState.RECORDED)
    line.service.refuses = AccessRefused("sagemaker:CreateTrainingJob was refused")
    line.settle()
    assert line.tokens.outcomes == {"token-1": ("AccessRefused", "sagemaker:CreateTrainingJob was refused")}


def test_settle_leaves_the_operation_for_the_next_look_when_the_service_is_busy() -> None:
    line = SettledOperation(ABSENT, OperationState.RECORDED)
    line.service.refuses = ServiceUnavailable("try later")
    with pytest.raises(ServiceUnavailable):
        line.settle()
    assert line.tokens.outcomes == {}
    assert line.row.state is OperationState.RECORDED


def test_an_operation_past_its_deadline_is_stopped_and_fails_with_what_the_service_last_said() -> None:
    line = SettledOperation(RUNNING)
    assert isinstance(line.settle(now=3599), Wait)
    line.settle(now=3600)
    error, cause = line.tokens.outcomes["token-1"]
    assert error == "DeadlineExceeded"
    assert cause == f"{JOB} did not end within 3600 s and was stopped; last status: RUNNING (Training)"
    assert line.service.stops == [JOB]


def test_a_result_counts_even_past_the_deadline() -> None:
    line = SettledOperation(SUCCEEDED)
    line.settle(now=999_999)
    assert line.tokens.outcomes == {"token-1": SUCCEEDED.result}


def test_a_stopped_run_stops_its_job_and_fails_its_token() -> None:
    line = SettledOperation(RUNNING)
    line.operations.request_stop(RUN_ID)
    line.settle()
    assert line.tokens.outcomes["token-1"][0] == "RunStopped"
    assert line.service.stops == [JOB]


def test_a_stopped_run_does_not_start_what_was_only_recorded() -> None:
    line = SettledOperation(ABSENT, OperationState.RECORDED)
    line.operations.request_stop(RUN_ID)
    assert isinstance(line.settle(), Fail)
    assert line.service.starts == []


def test_a_service_that_forgets_what_it_accepted_is_given_time_and_then_fails_the_operation() -> None:
    line = SettledOperation(ABSENT)
    assert isinstance(line.settle(now=SECONDS_UNTIL_LOST - 1), Wait)
    line.settle(now=SECONDS_UNTIL_LOST)
    assert line.tokens.outcomes["token-1"][0] == "OperationLost"


def test_a_retry_that_came_between_look_and_close_is_still_waited_for() -> None:
    line = SettledOperation(SUCCEEDED)
    seen_before_the_retry = line.row
    line.operations.record(an_operation(token="token-2"))
    line.settle(row=seen_before_the_retry)
    assert line.row.state is OperationState.STARTED
    line.settle()
    assert line.tokens.outcomes["token-2"] == SUCCEEDED.result


def test_settle_takes_away_what_a_job_that_ended_has_left() -> None:
    for ended in (SUCCEEDED, FAILED):
        line = SettledOperation(replace(ended, leaves_something=True))
        line.settle()
        assert line.service.stops == [JOB]
        assert line.row.state is OperationState.ENDED


def test_a_job_whose_cluster_was_silent_until_the_deadline_fails_with_that() -> None:
    silent = Status(Phase.RUNNING, error="ClusterUnreachable", cause="no heartbeat since noon")
    line = SettledOperation(silent, kind=HYPERPOD_SLURM)
    assert isinstance(line.settle(), Wait)
    line.settle(now=3600)
    assert line.tokens.outcomes == {"token-1": ("ClusterUnreachable", "no heartbeat since noon")}
    assert line.service.stops == [JOB]


class Unreachable(FakeService):
    """A cluster that does not answer."""

    def describe(self, operation: Operation) -> Status:
        raise ServiceUnavailable("https://nova cannot be reached")


def test_a_cluster_that_cannot_be_asked_is_asked_again_until_the_deadline() -> None:
    line = SettledOperation(RUNNING, kind=HYPERPOD_EKS)
    line.service = Unreachable(ends_by_itself=True)
    with pytest.raises(ServiceUnavailable):
        line.settle()
    assert line.row.state is OperationState.STARTED
    line.settle(now=3600)
    error, cause = line.tokens.outcomes["token-1"]
    assert error == line.row.error == "ClusterUnreachable"
    assert "https://nova cannot be reached" in cause


def test_a_service_of_aws_that_cannot_be_asked_is_asked_for_ever() -> None:
    line = SettledOperation(RUNNING)
    line.service = Unreachable()
    with pytest.raises(ServiceUnavailable):
        line.settle(now=3600)
