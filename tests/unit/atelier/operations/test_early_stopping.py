"""Stopping a job that no longer improves: the policy, and what settle makes of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from atelier.errors import Throttled
from atelier.operations.early_stopping import EarlyStop, StopPolicy
from atelier.operations.model import Operation, OperationState, Status
from atelier.operations.settle import Fail, StopEarly, Succeed, Wait
from tests.fixtures.operations import (
    OVERFITTING,
    POLICY,
    RUN_ID,
    RUNNING,
    STOPPED,
    SUCCEEDED,
    FakeLogs,
    FakeService,
    SettledOperation,
    an_operation,
)

JOB = f"{RUN_ID}-s0"
KEY = (RUN_ID, "s0")
DECISION = EarlyStop(
    step=40,
    best_step=20,
    best_loss=0.5,
    reason="the validation loss did not fall below 0.5 by more than 0.01 in 2 measurements",
)


def decide(losses: dict[int, float], *, patience: int = 2, min_delta: float = 0.0) -> EarlyStop | None:
    policy = StopPolicy(patience=patience, min_delta=min_delta, saved_every=10, loss_keys=("val_loss",))
    return policy.decide(losses)


@pytest.mark.parametrize(
    ("losses", "stopped_at", "best"),
    [
        ({}, None, None),
        ({10: 1.0, 20: 0.9, 30: 0.8}, None, None),
        ({10: 1.0, 20: 1.1}, None, None),
        ({10: 1.0, 20: 1.1, 30: 1.2}, 30, 10),
        ({10: 1.0, 20: 1.1, 30: 0.9, 40: 0.95}, None, None),
        ({30: 1.2, 10: 1.0, 20: 1.1}, 30, 10),
        ({10: 1.0, 20: 1.0, 30: 1.0}, 30, 10),
        ({10: 1.0, 20: math.inf, 30: math.inf}, 30, 10),
        ({10: math.inf, 20: math.inf, 30: math.inf}, None, None),
    ],
)
def test_a_job_is_stopped_after_as_many_measurements_without_improvement_as_patience_has(
    losses: dict[int, float], stopped_at: int | None, best: int | None
) -> None:
    decision = decide(losses)
    assert (decision and decision.step, decision and decision.best_step) == (stopped_at, best)


def test_a_smaller_improvement_than_min_delta_does_not_renew_the_patience_but_is_kept() -> None:
    decision = decide({10: 1.0, 20: 0.995, 30: 0.993}, min_delta=0.01)
    assert decision
    assert (decision.best_step, decision.best_loss) == (30, 0.993)
    assert decide({10: 1.0, 20: 0.995, 30: 0.98}, min_delta=0.01) is None


def test_the_best_step_is_one_whose_checkpoint_is_saved() -> None:
    decision = decide({5: 0.1, 10: 0.3, 15: 0.2, 20: 0.4})
    assert decision
    assert (decision.best_step, decision.best_loss) == (10, 0.3)


def test_a_job_of_which_no_measured_step_is_saved_goes_on() -> None:
    assert decide({0: 0.1, 5: 0.3, 15: 0.4, 25: 0.5}) is None


def watched(status: Status = RUNNING, *, early_stop: EarlyStop | None = None) -> SettledOperation:
    """A job that overfits, with a policy."""
    line = SettledOperation(status, stop_policy=POLICY, early_stop=early_stop)
    line.logs = FakeLogs({JOB: OVERFITTING})
    return line


def test_a_job_that_no_longer_improves_is_stopped_and_its_best_step_is_on_record() -> None:
    line = watched()
    assert line.settle() == StopEarly(DECISION)
    assert line.row.early_stop == DECISION
    assert line.service.stops == [JOB]
    assert line.tokens.outcomes == {}


def test_a_job_that_stopped_as_we_wanted_is_a_success_that_names_the_step_to_keep() -> None:
    line = watched()
    line.settle()
    assert isinstance(line.settle(), Succeed)
    expected = {**STOPPED.result, "early_stop": DECISION.to_json()}
    assert line.tokens.outcomes == {"token-1": expected}
    assert line.row.state is OperationState.ENDED


def test_a_job_that_somebody_else_stopped_is_a_failure() -> None:
    line = watched(STOPPED)
    assert line.settle() == Fail("JobFailed", STOPPED.cause)


def test_a_job_that_completes_before_it_could_be_stopped_is_a_normal_success() -> None:
    line = watched(SUCCEEDED, early_stop=DECISION)
    line.settle()
    assert line.tokens.outcomes == {"token-1": SUCCEEDED.result}


def test_a_decision_whose_stop_never_happened_is_carried_out_without_reading_the_log_again() -> None:
    line = watched(early_stop=DECISION)
    line.logs.lines = {}
    assert line.settle() == StopEarly(DECISION)
    assert (line.service.stops, line.logs.reads) == ([JOB], 0)


def test_a_decision_taken_by_another_function_after_the_row_was_read_counts() -> None:
    line = watched()
    stale = line.row
    line.settle()
    line.settle(row=stale)
    assert line.tokens.outcomes["token-1"]["early_stop"] == DECISION.to_json()


def test_nothing_is_stopped_when_the_row_was_closed_meanwhile() -> None:
    line = watched()
    stale = line.row
    line.operations.close(stale, at=1, error="RunStopped")
    assert isinstance(line.settle(row=stale), Wait)
    assert line.service.stops == []


@pytest.mark.parametrize("early_stop", [None, DECISION])
def test_a_job_that_is_stopping_is_waited_for_and_a_strangers_stop_stays_a_strangers(
    early_stop: EarlyStop | None,
) -> None:
    line = watched(replace(RUNNING, is_stopping=True), early_stop=early_stop)
    assert isinstance(line.settle(), Wait)
    assert (line.service.stops, line.logs.reads, line.row.early_stop) == ([], 0, early_stop)


def test_a_stop_that_the_service_refuses_for_now_is_asked_for_again() -> None:
    line = watched()

    class Busy(FakeService):
        def stop(self, operation: Operation) -> None:
            raise Throttled("too many requests")

    line.service = Busy(jobs={JOB: RUNNING})
    with pytest.raises(Throttled):
        line.settle()
    line.service = FakeService(jobs={JOB: RUNNING})
    line.settle()
    assert line.service.stops == [JOB]


def test_the_log_is_not_read_for_a_job_without_a_policy_or_past_its_deadline() -> None:
    line = watched()
    line.settle(row=an_operation(state=OperationState.STARTED))
    line.settle(now=3600)
    assert line.logs.reads == 0


def test_a_stopped_run_is_stopped_and_not_stopped_early() -> None:
    line = watched()
    line.operations.request_stop(RUN_ID)
    line.settle()
    assert line.tokens.outcomes["token-1"][0] == "RunStopped"
