from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pytest

from atelier.errors import AccessRefused, RequestRefused, Throttled
from atelier.targets.scenarios import MAX_SCENARIOS, Scenario
from atelier.targets.smoke_test import SmokeTest, smoke_test
from tests.fixtures.deployments import FakeDeployments, says

ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/8h2kq0c4z1vw"
WEATHER = Scenario.from_json({"prompt": "Weather in Oslo?", "expect_tool": "get_weather"})


def ticking(step: float = 0.25) -> Callable[[], float]:
    times = iter(index * step for index in range(1000))
    return lambda: next(times)


def ask(*scenarios: Scenario, answer: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> SmokeTest:
    return smoke_test(ARN, scenarios, deployments=FakeDeployments(answer=answer), clock=ticking())


def calls(tool: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    content = [{"toolUse": {"toolUseId": "t1", "name": tool, "input": {"city": "Oslo"}}}]
    return lambda _request: {"output": {"message": {"role": "assistant", "content": content}}}


def test_a_candidate_that_answers_as_expected_is_healthy() -> None:
    result = ask(WEATHER, WEATHER, answer=calls("get_weather"))
    assert result.healthy
    assert result.reason == "all 2 scenarios were answered as expected, the slowest in 250 ms"
    assert result.replies[0].reply == 'get_weather({"city": "Oslo"})'
    assert result.replies[0].latency_ms == 250


@pytest.mark.parametrize(
    ("scenario", "answer", "problem"),
    [
        ({"prompt": "Hi"}, says("  \n"), "the answer is empty"),
        ({"prompt": "Hi", "expect_contains": "Oslo"}, says("Rome"), "the answer does not contain 'Oslo'"),
        ({"prompt": "Hi", "expect_tool": "a"}, says("text"), "a call of tool a was expected, it called none"),
        ({"prompt": "Hi", "expect_tool": "a"}, calls("b"), "a call of tool a was expected, it called b"),
    ],
)
def test_an_answer_that_is_not_as_expected_is_a_problem(
    scenario: dict[str, Any], answer: Callable[[Mapping[str, Any]], Mapping[str, Any]], problem: str
) -> None:
    result = ask(Scenario.from_json(scenario), answer=answer)
    assert not result.healthy
    assert result.replies[0].problem == problem
    assert result.reason == f"1 of 1 scenarios failed: 'Hi': {problem}"


def test_a_call_that_the_model_fails_is_unhealthy_and_the_others_are_still_asked() -> None:
    def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["messages"][0]["content"][0]["text"] == "broken":
            raise RequestRefused("bedrock:InvokeModel on x: ModelErrorException: out of memory")
        return says("fine")(request)

    broken, fine = Scenario.from_json({"prompt": "broken"}), Scenario.from_json({"prompt": "fine"})
    result = ask(broken, fine, answer=answer)
    assert not result.healthy
    assert [bool(reply.problem) for reply in result.replies] == [True, False]


@pytest.mark.parametrize("error", [Throttled("slow down"), AccessRefused("bedrock:InvokeModel was refused")])
def test_what_says_nothing_about_the_candidate_is_raised(error: Exception) -> None:
    def answer(_request: Mapping[str, Any]) -> Mapping[str, Any]:
        raise error

    with pytest.raises(type(error)):
        ask(WEATHER, answer=answer)


def test_the_longest_result_leaves_room_in_the_workflows_payload_of_256_kib() -> None:
    longest = "\N{GRINNING FACE}" * 5000
    scenario = Scenario.from_json({"prompt": longest, "expect_contains": longest + "!"})
    result = ask(*[scenario] * MAX_SCENARIOS, answer=says(longest))
    assert len(json.dumps(asdict(result), ensure_ascii=False).encode()) < 200_000
    assert [len(text) for text in (result.replies[0].reply, result.replies[0].problem)] == [300, 300]
