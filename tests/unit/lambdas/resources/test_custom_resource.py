"""CloudFormation is answered once, whatever happens and however long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lambdas.resources.custom_resource import (
    LONGEST_WAIT_SECONDS,
    LOOK_EVERY_SECONDS,
    Done,
    NotYet,
    Request,
    ResourceFailed,
    Surroundings,
    run,
)

EVENT = {
    "RequestType": "Create",
    "StackId": "stack",
    "RequestId": "request",
    "LogicalResourceId": "Nodes",
    "ResponseURL": "https://cloudformation.example",
    "ResourceProperties": {"ClusterName": "nova"},
}


@dataclass
class World:
    """A clock that sleeping moves, and what was said to whom."""

    clock: float = 0
    function_seconds: float = 900
    answers: list[Mapping[str, Any]] = field(default_factory=list)
    continued: list[Mapping[str, Any]] = field(default_factory=list)
    invoked_function_arn: str = "function"
    _started: float = 0

    def surroundings(self) -> Surroundings:
        return Surroundings(now=lambda: self.clock, sleep=self.sleep, answer=self.answer, go_on=self.go_on)

    def sleep(self, seconds: float) -> None:
        self.clock += seconds

    def answer(self, url: str, body: Mapping[str, Any]) -> None:
        assert url == EVENT["ResponseURL"]
        self.answers.append(body)

    def go_on(self, function: str, event: Mapping[str, Any]) -> None:
        assert function == self.invoked_function_arn
        self.continued.append(event)

    def get_remaining_time_in_millis(self) -> int:
        return int((self._started + self.function_seconds - self.clock) * 1000)

    def live(
        self, event: Mapping[str, Any], resource: Callable[[Request], Done | NotYet]
    ) -> Mapping[str, Any]:
        """Invocation after invocation, until CloudFormation is answered."""
        pending = [event]
        while pending:
            self._started = self.clock
            run(pending.pop(), self, resource, self.surroundings())
            pending, self.continued = [*self.continued], []
        (answer,) = self.answers
        return answer


def test_what_is_done_is_answered_with_the_names_of_the_request() -> None:
    answer = World().live(EVENT, lambda _: Done("nodes", {"count": "2"}))
    assert answer == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "nodes",
        "Data": {"count": "2"},
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "Nodes",
    }


def test_a_resource_without_an_id_keeps_the_one_it_has() -> None:
    assert World().live(EVENT, lambda _: Done())["PhysicalResourceId"] == "stack/Nodes"
    updated = {**EVENT, "RequestType": "Update", "PhysicalResourceId": "old"}
    assert World().live(updated, lambda _: Done())["PhysicalResourceId"] == "old"


def test_waiting_outlives_a_function_and_remembers() -> None:
    world = World()

    def soon(request: Request) -> Done | NotYet:
        looks = request.state.get("looks", 0)
        return Done("there") if world.clock >= 2_000 else NotYet("not there", {"looks": looks + 1})

    answer = world.live(EVENT, soon)
    assert answer["Status"] == "SUCCESS"
    assert 2_000 <= world.clock < 2_000 + LOOK_EVERY_SECONDS


def test_waiting_ends_within_cloudformation_s_hour_with_the_last_reason() -> None:
    world = World()
    answer = world.live(EVENT, lambda _: NotYet("group training has 0 of 2 nodes"))
    assert (answer["Status"], answer["Reason"]) == (
        "FAILED",
        "group training has 0 of 2 nodes, after 55 minutes",
    )
    assert LONGEST_WAIT_SECONDS <= world.clock < 3_600


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ResourceFailed("no capacity"), "no capacity"), (KeyError("ClusterName"), "KeyError: 'ClusterName'")],
)
def test_whatever_goes_wrong_is_the_stack_s_reason(error: Exception, reason: str) -> None:
    def fail(_: Request) -> Done:
        raise error

    answer = World().live(EVENT, fail)
    assert (answer["Status"], answer["Reason"]) == ("FAILED", reason)


def test_a_reason_fits_into_an_answer() -> None:
    def fail(_: Request) -> Done:
        raise ResourceFailed("x" * 5_000)

    assert len(World().live(EVENT, fail)["Reason"]) == 1_000
