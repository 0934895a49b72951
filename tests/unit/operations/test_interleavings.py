"""Whatever crashes, repeats, is lost or overtakes: one job, one outcome, nothing left waiting or running.

The machine plays the workflow engine (which retries a step with a new token when its function dies), the
events and the service. Every call of a port may die before or after it took effect, or let a whole sweep
run in between, as a concurrent invocation would.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from atelier.errors import RunStopped
from atelier.operations.model import OperationState, Phase
from atelier.operations.submit import submit
from atelier.operations.sweep import sweep
from tests.support.operations import (
    FAILED,
    RUN_ID,
    RUNNING,
    SUCCEEDED,
    FakeOperations,
    FakeService,
    FakeTokens,
    an_operation,
)

JOB = f"{RUN_ID}-s0"
# One letter a boundary: . go on, ! die here, ~ let a concurrent sweep run here.
PLANS = st.text(alphabet=".!~", max_size=10)


class FunctionDied(BaseException):
    """A Lambda's end in the middle: not an Exception, so nothing in the code can handle it."""


class Boundary:
    """Wraps a port so that each call passes two boundaries, one before and one after its effect."""

    def __init__(self, port: Any, world: Interleavings) -> None:
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


class Interleavings(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.operations, self.service, self.tokens = FakeOperations(), FakeService(), FakeTokens()
        self.now = 0
        self.plan = ""
        self.issued: list[str] = []
        self.gave_up = False

    def cross(self) -> None:
        if not self.plan:
            return
        here, self.plan = self.plan[0], self.plan[1:]
        if here == "!":
            self.plan = ""
            raise FunctionDied
        if here == "~":
            rest, self.plan = self.plan, ""
            self.look("")
            self.plan = rest

    @property
    def waits_on(self) -> str | None:
        """The token the workflow waits on; None before the first try, after a dead one and at the end."""
        token = self.issued[-1] if self.issued else None
        return None if token is None or token in self.tokens.gone or token in self.tokens.outcomes else token

    @property
    def is_over(self) -> bool:
        return self.gave_up or bool(self.tokens.outcomes)

    def look(self, plan: str) -> None:
        self.plan = plan
        operations: Any = Boundary(self.operations, self)
        service: Any = Boundary(self.service, self)
        tokens: Any = Boundary(self.tokens, self)
        try:
            sweep(
                [(RUN_ID, "s0")],
                operations=operations,
                service_of=lambda _: service,
                tokens=tokens,
                now=self.now,
            )
        except FunctionDied:
            pass
        finally:
            self.plan = ""

    @precondition(lambda self: not self.is_over and self.waits_on is None)
    @rule(plan=PLANS)
    def the_workflow_tries_the_step(self, plan: str) -> None:
        token = f"token-{len(self.issued)}"
        self.issued.append(token)
        self.plan = plan
        operation = an_operation(token=token, recorded_at=self.now, deadline=self.now + 3600)
        operations: Any = Boundary(self.operations, self)
        service: Any = Boundary(self.service, self)
        try:
            submit(operation, operations=operations, service=service)
        except RunStopped:
            self.gave_up = not self.tokens.outcomes
            self.tokens.gone.add(token)
        except FunctionDied:
            if token not in self.tokens.outcomes:
                self.tokens.gone.add(token)
        finally:
            self.plan = ""

    @rule(plan=PLANS)
    def an_event_or_the_schedule_says_look(self, plan: str) -> None:
        self.look(plan)

    @precondition(lambda self: self.service.jobs.get(JOB) == RUNNING)
    @rule(status=st.sampled_from([SUCCEEDED, FAILED]))
    def the_job_ends(self, status: Any) -> None:
        self.service.jobs[JOB] = status

    @rule(seconds=st.sampled_from([1, 60, 3000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def a_person_stops_the_run(self) -> None:
        self.operations.request_stop(RUN_ID)

    @invariant()
    def the_job_was_started_at_most_once(self) -> None:
        assert self.service.starts in ([], [JOB])

    @invariant()
    def at_most_one_token_has_an_outcome(self) -> None:
        assert len(self.tokens.outcomes) <= 1

    def teardown(self) -> None:
        """From anywhere, calm weather brings the end: an event, a retry and the schedule do."""
        for _ in range(3):
            if not self.is_over and self.waits_on is None:
                self.the_workflow_tries_the_step("")
            self.look("")
            if self.service.jobs.get(JOB) == RUNNING:
                self.service.jobs[JOB] = SUCCEEDED
        self.look("")
        assert self.is_over
        assert self.waits_on is None
        assert all(row.state is OperationState.ENDED for row in self.operations.rows.values())
        for outcome in self.tokens.outcomes.values():
            if isinstance(outcome, dict):
                assert self.service.jobs[JOB].phase is Phase.SUCCEEDED


Interleavings.TestCase.settings = settings(max_examples=300, stateful_step_count=12, deadline=None)
TestInterleavings = Interleavings.TestCase
