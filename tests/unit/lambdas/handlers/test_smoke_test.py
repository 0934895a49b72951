"""State SmokeTest."""

from __future__ import annotations

from lambdas.handlers.smoke_test import handler
from tests.fixtures.deployments import says
from tests.fixtures.handlers import World
from tests.fixtures.runs import RUN_ID, a_run

EVENT = {"run_id": RUN_ID, "run": a_run(), "deployment_arn": "arn:aws:bedrock:::deployment/x"}


def test_the_built_in_prompts_are_asked_when_the_run_file_has_no_scenarios(world: World) -> None:
    result = handler(EVENT, None)
    assert result["healthy"] is True
    assert [reply["reply"] for reply in result["replies"]] == ["Hello.", "Hello."]


def test_a_mute_candidate_is_unhealthy(world: World) -> None:
    world.deployments.answer = says("")
    assert handler(EVENT, None)["healthy"] is False
