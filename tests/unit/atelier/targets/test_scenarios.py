from __future__ import annotations

import json

import pytest

from atelier.errors import InvalidScenarios
from atelier.runs.parse import parse_run
from atelier.targets.scenarios import MAX_SCENARIOS, read_scenarios, scenarios_of
from tests.fixtures.objects import FakeObjects
from tests.fixtures.runs import BUCKET, a_run

URI = f"s3://{BUCKET}/datasets/c/scenarios.jsonl"
TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}}]}


def test_a_prompt_becomes_a_converse_request() -> None:
    line = {
        "prompt": "Weather in Oslo?",
        "system": "Be brief.",
        "toolConfig": TOOLS,
        "expect_tool": "get_weather",
    }
    (scenario,) = read_scenarios([json.dumps(line).encode()], URI)
    assert scenario.request == {
        "messages": [{"role": "user", "content": [{"text": "Weather in Oslo?"}]}],
        "system": [{"text": "Be brief."}],
        "toolConfig": TOOLS,
    }
    assert (scenario.prompt, scenario.expect_tool) == ("Weather in Oslo?", "get_weather")


def test_messages_are_taken_as_they_are_and_shown_by_their_last_text() -> None:
    messages = [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "Hello"}]},
        {"role": "user", "content": [{"text": "And Oslo?"}]},
    ]
    (scenario,) = read_scenarios([json.dumps({"messages": messages}).encode(), b"  "], URI)
    assert (scenario.request, scenario.prompt) == ({"messages": messages}, "And Oslo?")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "Expecting property name"),
        (b"[" * 200_000, "recursion"),
        (b"[]", "exactly one of prompt and messages"),
        (b'{"system": "x"}', "exactly one of prompt and messages"),
        (b'{"prompt": "x", "messages": []}', "exactly one of prompt and messages"),
        (b'{"prompt": "x", "expects": "y"}', "unknown key 'expects'; accepted: prompt, messages"),
        (b'{"messages": [{"role": "user"}]}', "content"),
    ],
)
def test_a_malformed_scenario_is_refused_with_its_line(line: bytes, message: str) -> None:
    with pytest.raises(InvalidScenarios, match=f"{URI} line 2: .*{message}"):
        read_scenarios([b'{"prompt": "x"}', line], URI)


@pytest.mark.parametrize("count", [0, MAX_SCENARIOS + 1])
def test_the_number_of_scenarios_is_bounded(count: int) -> None:
    with pytest.raises(InvalidScenarios, match=f"has {count} scenarios; accepted: 1 to {MAX_SCENARIOS}"):
        read_scenarios([b'{"prompt": "x"}'] * count, URI)


def test_the_run_files_scenarios_are_asked() -> None:
    deployment = {"target": "bedrock-on-demand", "name": "support-agent", "canary": {"scenarios": URI}}
    run = parse_run(a_run(deployment=deployment))
    (scenario,) = scenarios_of(run, FakeObjects({URI: b'{"prompt": "Weather?"}\n'}))
    assert scenario.prompt == "Weather?"
    with pytest.raises(InvalidScenarios, match="there is no such object"):
        scenarios_of(run, FakeObjects())


def test_a_run_without_scenarios_asks_the_built_in_prompts() -> None:
    assert len(scenarios_of(parse_run(a_run()), FakeObjects())) == 2
