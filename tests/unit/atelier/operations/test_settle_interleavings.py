"""Whatever crashes, repeats, is lost or overtakes: one job, one outcome, nothing left waiting or running.

The machine plays the workflow engine (which retries a step with a new token when it learns that its function
died), the events, a person and the service. Each call of a port passes two boundaries, before and after its
effect; at any of them the function may die, or others may act: a concurrent sweep, a retry, a person who
stops the run. The job may stop to improve, or be stopped by somebody who is not us. There are services that
keep what has ended on record, and those where stopping deletes all that is known of a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atelier.errors import RunStopped
from atelier.operations.model import Operation, OperationState, Phase
from atelier.operations.settle import settle
from atelier.operations.submit import submit
from atelier.operations.sweep import sweep
from atelier.targets.teardown import teardown
from tests.fixtures.deployments import FakeDeployments
from tests.fixtures.operations import (
    FAILED,
    OVERFITTING,
    POLICY,
    RUN_ID,
    RUNNING,
    STOPPED,
    SUCCEEDED,
    FakeLogs,
    FakeOperations,
    FakeService,
    FakeTokens,
    SettledOperation,
    an_operation,
)

JOB = f"{RUN_ID}-s0"
KEY = (RUN_ID, "s0")

# What happens at which boundary of a function's calls.
PLANS = st.dictionaries(
    st.integers(0, 11), st.sampled_from(["dies", "dies unnoticed", "sweep", "retry", "stop"]), max_size=3
)


class FunctionDied(BaseException):
    """A function's end in the middle: not an Exception, so nothing in the code can handle it."""


class World(Protocol):
    """Whatever can happen between two calls."""

    def cross(self) -> None: ...


class Boundary:
    """A port whose every call passes the world's boundaries."""

    def __init__(self, port: Any, world: World) -> None:
        self._port = port
        self._world = world

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)

        def crossing(*args: Any, **kwargs: Any) -> Any:
            self._world.cross()
            result = call(*args, **kwargs)
            self._world.cross()
            return result

        return crossing


class Forgetful(FakeService):
    """A cluster: a job is what it is made of, and stopping takes that away."""

    ends_by_itself: bool = True

    def stop(self, operation: Operation) -> None:
        self.stops.append(operation.name)
        self.jobs.pop(operation.name, None)


class Interleavings(RuleBasedStateMachine):
    @initialize(service=st.sampled_from([FakeService, Forgetful]))
    def begin(self, service: type[FakeService]) -> None:
        self.operations, self.service, self.tokens = FakeOperations(), service(), FakeTokens()
        self.forgets = service is Forgetful
        self.logs = FakeLogs()
        self.was_stopped_by_a_stranger = False
        self.ended_as: Any = None
        self.now = 0
        self.issued: list[str] = []
        self.gave_up = False
        self.has_died_unnoticed = False
        self.plan: Mapping[int, str] = {}
        self.boundary = 0

    def cross(self) -> None:
        what = self.plan.get(self.boundary)
        self.boundary += 1
        if what in ("dies", "dies unnoticed"):
            raise FunctionDied(what)
        if what is None:
            return
        plan, boundary, self.plan = self.plan, self.boundary, {}
        if what == "sweep":
            self.look({})
        elif what == "retry" and self.must_try:
            self.attempt({})
        elif what == "stop":
            self.operations.request_stop(RUN_ID)
            self.look({})
        self.plan, self.boundary = plan, boundary

    @property
    def is_over(self) -> bool:
        return self.gave_up or bool(self.tokens.outcomes)

    @property
    def must_try(self) -> bool:
        """True when the workflow has no token to wait on and the step has not ended."""
        waits = bool(self.issued) and self.issued[-1] not in self.tokens.gone
        return not self.is_over and not waits

    def attempt(self, plan: Mapping[int, str]) -> None:
        """The step's function, once, with a new token."""
        token = f"token-{len(self.issued)}"
        self.issued.append(token)
        self.plan, self.boundary = plan, 0
        operation = an_operation(
            token=token,
            recorded_at=self.now,
            deadline=self.now + 3600,
            stop_policy=None if self.forgets else POLICY,
        )
        operations: Any = Boundary(self.operations, self)
        service: Any = Boundary(self.service, self)
        try:
            submit(operation, operations=operations, service=service)
            row = self.operations.rows[KEY]
            assert row.state is not OperationState.ENDED or self.service.jobs.get(JOB) != RUNNING
        except RunStopped:
            self.tokens.gone.add(token)
            self.gave_up = not self.tokens.outcomes
        except FunctionDied as death:
            self.has_died_unnoticed = True
            if str(death) == "dies":
                self.the_engine_learns_that_a_function_died()
        self.plan = {}

    def look(self, plan: Mapping[int, str]) -> None:
        """The function Settle, once."""
        self.plan, self.boundary = plan, 0
        operations: Any = Boundary(self.operations, self)
        service: Any = Boundary(self.service, self)
        tokens: Any = Boundary(self.tokens, self)
        logs: Any = Boundary(self.logs, self)
        with suppress(FunctionDied):
            sweep(
                [KEY],
                operations=operations,
                service_of=lambda _: service,
                logs_of=lambda _: logs,
                tokens=tokens,
                now=self.now,
            )
        self.plan = {}

    @precondition(lambda self: self.must_try)
    @rule(plan=PLANS)
    def the_workflow_tries_the_step(self, plan: Mapping[int, str]) -> None:
        self.attempt(plan)

    @rule(plan=PLANS)
    def an_event_or_the_schedule_says_look(self, plan: Mapping[int, str]) -> None:
        self.look(plan)

    @precondition(lambda self: self.service.jobs.get(JOB) == RUNNING)
    @rule(status=st.sampled_from([SUCCEEDED, FAILED, STOPPED]))
    def the_job_ends(self, status: Any) -> None:
        self.end_job(FAILED if self.forgets and status == STOPPED else status)

    def end_job(self, status: Any) -> None:
        self.service.jobs[JOB] = replace(status, leaves_something=self.forgets)
        self.ended_as = status
        self.was_stopped_by_a_stranger = status == STOPPED

    @precondition(lambda self: self.service.jobs.get(JOB) == RUNNING)
    @rule(seen=st.integers(1, len(OVERFITTING)))
    def the_job_logs(self, seen: int) -> None:
        self.logs.lines = {JOB: OVERFITTING[:seen]}

    @precondition(lambda self: self.has_died_unnoticed)
    @rule()
    def the_engine_learns_that_a_function_died(self) -> None:
        """Its token is void, unless it was finished before."""
        self.has_died_unnoticed = False
        if self.issued[-1] not in self.tokens.outcomes:
            self.tokens.gone.add(self.issued[-1])

    @rule(seconds=st.sampled_from([1, 60, 400, 3000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def the_job_was_started_at_most_once_and_is_on_record(self) -> None:
        assert self.service.starts in ([], [JOB])
        assert self.service.starts == [] or KEY in self.operations.rows

    @invariant()
    def a_job_that_a_stranger_stopped_has_no_result(self) -> None:
        if self.was_stopped_by_a_stranger and self.operations.rows[KEY].early_stop is None:
            assert not any(isinstance(outcome, dict) for outcome in self.tokens.outcomes.values())

    @invariant()
    def at_most_one_token_has_an_outcome(self) -> None:
        assert len(self.tokens.outcomes) <= 1

    def teardown(self) -> None:
        """From anywhere, calm weather brings the end; a step that failed is followed by ReleaseRun."""
        for _ in range(3):
            if self.must_try:
                self.attempt({})
            self.look({})
            if self.service.jobs.get(JOB) == RUNNING and not self.is_over:
                self.end_job(SUCCEEDED)
                self.look({})
            if self.has_died_unnoticed:
                self.the_engine_learns_that_a_function_died()
        assert self.is_over
        (outcome,) = self.tokens.outcomes.values() or [("RunStopped", "")]
        if isinstance(outcome, dict):
            decision = self.operations.rows[KEY].early_stop
            phase = self.ended_as.phase if self.forgets else self.service.jobs[JOB].phase
            assert phase is Phase.SUCCEEDED or (phase is Phase.STOPPED and decision)
            assert outcome.get("early_stop") == (
                decision.to_json() if phase is Phase.STOPPED and decision else None
            )
        else:
            assert outcome[0] in {"RunStopped", "DeadlineExceeded", "JobFailed"}
            teardown(
                RUN_ID,
                operations=self.operations,
                jobs_of=lambda _: self.service,
                deployments_of=lambda _: FakeDeployments(),
                now=self.now,
            )
        assert self.service.jobs.get(JOB) != RUNNING
        assert not (self.forgets and self.service.jobs), "nothing of the job is left in the cluster"
        assert list(self.operations.open_steps()) == []


Interleavings.TestCase.settings = settings(max_examples=400, stateful_step_count=8, deadline=None)
TestInterleavings = Interleavings.TestCase


class Death:
    """A world in which the function dies at one boundary, counted from 0."""

    def __init__(self, boundary: int) -> None:
        self._left = boundary

    @property
    def came(self) -> bool:
        return self._left < 0

    def cross(self) -> None:
        self._left -= 1
        if self.came:
            raise FunctionDied


ENDS = {
    "JobFailed": replace(FAILED, leaves_something=True),
    "RunStopped": RUNNING,
    "DeadlineExceeded": RUNNING,
    "": replace(SUCCEEDED, leaves_something=True),
}


@pytest.mark.parametrize("error", ENDS)
def test_wherever_settle_dies_the_next_look_tells_how_the_job_ended_and_leaves_nothing(error: str) -> None:
    boundary, survived = 0, False
    while not survived:
        line = SettledOperation(ENDS[error])
        line.service = Forgetful(jobs={JOB: ENDS[error]})
        if error == "RunStopped":
            line.operations.request_stop(RUN_ID)
        death, now = Death(boundary), 3600 if error == "DeadlineExceeded" else 60
        ports: dict[str, Any] = {
            name: Boundary(getattr(line, name), death) for name in ("operations", "service", "tokens")
        }
        with suppress(FunctionDied):
            settle(line.row, **ports, logs_of=lambda _: FakeLogs(), now=now)
        survived = not death.came
        if line.row.state is not OperationState.ENDED:
            line.settle(now=now + 400)
        outcome = line.tokens.outcomes["token-1"]
        assert outcome == SUCCEEDED.result if not error else outcome[0] == error
        assert (line.row.state, line.row.error) == (OperationState.ENDED, error)
        assert line.service.jobs == {}
        boundary += 1
