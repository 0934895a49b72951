"""`atelier chat`, and what a conversation sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from client.conversation import Conversation
from client.deployed import Deployed, Reply, ToolCall
from client.errors import InvalidRequest
from tests.fixtures.commands import atelier
from tests.fixtures.pipeline import FakeDeployed, FakePipeline
from tests.fixtures.pointers import FakePointers

CALL = ToolCall("call-1", "get_weather", {"city": "Paris"})
ASKS_FOR_A_TOOL = Reply("", (CALL,), "tool_use", {"totalTokens": 9})
ANSWERS = Reply("It rains.", (), "end_turn", {"totalTokens": 12})
TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {"type": "object"}}}}]}


def test_chat_with_a_message_prints_the_reply_and_leaves(pipeline: FakePipeline) -> None:
    pipeline.deployed.replies["support-agent"] = [ANSWERS]

    outcome = atelier("chat", "support-agent", "Weather in Paris?")

    assert (outcome.exit_code, outcome.stdout) == (ExitCode.OK, "It rains.\n")


def test_chat_sends_the_tools_and_shows_the_call(pipeline: FakePipeline, tmp_path: Path) -> None:
    pipeline.deployed.replies["support-agent"] = [ASKS_FOR_A_TOOL]
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps(TOOLS))

    outcome = atelier("chat", "support-agent", "Weather in Paris?", "--tools", tools, "--system", "Be brief.")

    assert 'get_weather({"city": "Paris"})' in outcome.stdout
    assert pipeline.deployed.requests == [
        {
            "messages": [{"role": "user", "content": [{"text": "Weather in Paris?"}]}],
            "system": [{"text": "Be brief."}],
            "toolConfig": TOOLS,
        }
    ]


def test_chat_without_a_message_talks_until_an_empty_line(pipeline: FakePipeline) -> None:
    pipeline.deployed.replies["support-agent"] = [ASKS_FOR_A_TOOL, ANSWERS]

    outcome = atelier("chat", "support-agent", typed="Weather in Paris?\nrain, 12 degrees\n\n")

    assert outcome.exit_code == ExitCode.OK, outcome.output
    assert "tool result >" in outcome.stdout
    assert "It rains." in outcome.stdout


def test_what_cannot_be_a_deployment_s_name_is_refused_without_asking_bedrock() -> None:
    nobody: Any = None

    with pytest.raises(InvalidRequest, match="deployment 'a b': accepted: a deployment's name"):
        Deployed(bedrock=nobody, runtime=nobody, pointers=FakePointers()).model_id("a b")


def test_chat_names_what_is_deployed_when_the_name_is_wrong(pipeline: FakePipeline) -> None:
    outcome = atelier("chat", "suport-agent", "hello")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "no deployment 'suport-agent'" in outcome.stderr


@pytest.mark.parametrize("content", ["{", "[]", '{"tools": {}}'])
def test_chat_refuses_a_tools_file_that_is_no_tool_config(
    pipeline: FakePipeline, tmp_path: Path, content: str
) -> None:
    tools = tmp_path / "tools.json"
    tools.write_text(content)

    outcome = atelier("chat", "support-agent", "hello", "--tools", tools)

    assert outcome.exit_code == ExitCode.INVALID
    assert str(tools) in outcome.stderr.replace("\n", "")


def test_what_is_said_after_a_tool_call_is_sent_as_its_result() -> None:
    deployed = FakeDeployed(replies={"agent": [ASKS_FOR_A_TOOL, ANSWERS]})
    conversation = Conversation(deployed, deployed.model_id("agent"))  # type: ignore[arg-type]

    conversation.say("Weather in Paris?")
    conversation.say("rain")

    assert deployed.requests[1]["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"toolUse": {"toolUseId": "call-1", "name": "get_weather", "input": {"city": "Paris"}}}
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "call-1", "content": [{"text": "rain"}]}}],
        },
    ]
    assert not conversation.awaits_tool_result


class FakeRuntime:
    """Bedrock's runtime client, answering with one stream of events."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def converse_stream(self, **_request: Any) -> dict[str, Any]:
        return {"stream": iter(self._events)}


def test_a_stream_of_events_becomes_one_reply_and_its_text_is_told_as_it_comes() -> None:
    runtime = FakeRuntime(
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Let me "}}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "look."}}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {
                "contentBlockStart": {
                    "contentBlockIndex": 1,
                    "start": {"toolUse": {"toolUseId": "call-1", "name": "get_weather"}},
                }
            },
            {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"city":'}}}},
            {"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '"Paris"}'}}}},
            {"messageStop": {"stopReason": "tool_use"}},
            {"metadata": {"usage": {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}}},
        ]
    )
    told: list[str] = []

    reply = Deployed(bedrock=None, runtime=runtime, pointers=FakePointers()).converse(  # type: ignore[arg-type]
        "arn", {"messages": []}, on_text=told.append
    )

    assert told == ["Let me ", "look."]
    assert reply == Reply(
        "Let me look.", (CALL,), "tool_use", {"inputTokens": 7, "outputTokens": 2, "totalTokens": 9}
    )


def test_a_base_model_is_talked_to_by_its_id() -> None:
    nobody_asks: Any = None

    deployed = Deployed(bedrock=nobody_asks, runtime=nobody_asks, pointers=FakePointers())

    assert deployed.model_id("amazon.nova-micro-v1:0") == "amazon.nova-micro-v1:0"
