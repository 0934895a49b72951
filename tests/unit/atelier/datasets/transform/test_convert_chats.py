"""OpenAI's and ShareGPT's chats become conversations, or are named with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.datasets import Format
from atelier.datasets.transform.sources import Source
from tests.fixtures.conversions import HELLO, TOOL, TOOL_CONFIG, call, chat, converted, reason, said, turn


def test_a_chat_becomes_a_conversation() -> None:
    row = chat(said("system", "Be kind."), said("user", "Hello"), said("assistant", "Hi"))

    assert converted(row)[0] == [
        {
            "schemaVersion": "bedrock-conversation-2024",
            "system": [{"text": "Be kind."}],
            "messages": [turn("user", "Hello"), turn("assistant", "Hi")],
        }
    ]


def test_a_chat_with_tools_keeps_calls_results_and_definitions() -> None:
    row = chat(
        said("user", "Where is it?"),
        said("assistant", None, tool_calls=[call('{"id": 7}'), call("{}", "c2")]),
        said("tool", "on its way", tool_call_id="c1"),
        said("tool", "lost", tool_call_id="c2"),
        said("assistant", "On its way."),
        tools=[TOOL],
    )

    samples, outcome = converted(row)

    assert outcome.report.findings == []
    assert samples[0]["toolConfig"] == TOOL_CONFIG
    assert samples[0]["messages"] == [
        turn("user", "Where is it?"),
        turn(
            "assistant",
            {"toolUse": {"toolUseId": "c1", "name": "look_up", "input": {"id": 7}}},
            {"toolUse": {"toolUseId": "c2", "name": "look_up", "input": {}}},
        ),
        turn(
            "user",
            {"toolResult": {"toolUseId": "c1", "content": [{"text": "on its way"}]}},
            {"toolResult": {"toolUseId": "c2", "content": [{"text": "lost"}]}},
        ),
        turn("assistant", "On its way."),
    ]


def test_messages_of_one_role_become_one_turn() -> None:
    row = chat(
        said("user", "Hello"), said("user", [{"type": "text", "text": "there"}]), said("assistant", "Hi")
    )

    assert converted(row)[0][0]["messages"] == [turn("user", "Hello", "there"), turn("assistant", "Hi")]


def test_a_sharegpt_conversation_becomes_one() -> None:
    row = {
        "system": "Be kind.",
        "conversations": [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}],
    }

    samples, outcome = converted(row)

    assert samples[0]["system"] == [{"text": "Be kind."}]
    assert samples[0]["messages"] == [turn("user", "Hello"), turn("assistant", "Hi")]
    assert not outcome.left_out


def test_a_role_that_no_conversation_has_is_named() -> None:
    row = {"conversations": [{"from": "human", "value": "Hello"}, {"from": "observation", "value": "Hi"}]}

    assert reason(row) == "conversations[1].role: 'observation'"


def test_the_system_text_in_a_column_of_its_own_is_the_chat_s() -> None:
    samples, outcome = converted(HELLO | {"system": "Be kind."})

    assert samples[0]["system"] == [{"text": "Be kind."}]
    assert not outcome.left_out


def test_a_call_as_an_answer_becomes_its_json_and_names_the_tool() -> None:
    row = chat(
        said("user", "Where is it?"), said("assistant", "", tool_calls=[call('{"id": 7}')]), tools=[TOOL]
    )

    assert converted(row, to=Format.GEN_QA)[0] == [
        {
            "query": "Where is it?",
            "response": '{"name":"look_up","arguments":{"id":7}}',
            "metadata": "look_up",
        }
    ]


def test_a_question_inside_a_conversation_is_only_taken_out_of_it_when_asked() -> None:
    row = chat(said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d"))

    assert "2 turns before the question" in reason(row, to=Format.GEN_QA)
    assert converted(row, to=Format.GEN_QA, last_exchange=True)[0] == [{"query": "c", "response": "d"}]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([said("assistant", "Hi")], "messages: a first turn of the assistant"),
        ([said("user", "Hi")], "messages: a last turn of the user"),
        ([], "messages: []"),
        ([said("user", "a"), said("critic", "b")], "messages[1].role: 'critic'"),
        ([said("user", "a", name="Bo"), said("assistant", "b")], "messages[0].name: 'Bo'"),
        ([said("user", "a"), said("assistant", "b", weight=0)], "messages[1].weight: 0"),
        (
            [said("user", "a"), said("system", "b"), said("assistant", "c")],
            "messages[1]: a message of the system",
        ),
        ([said("user", [{"type": "image_url"}]), said("assistant", "b")], "messages[0].content[0]: "),
        ([said("user", "a"), said("assistant", None)], "messages[1].content: None"),
        (
            [said("user", "a"), said("assistant", "", tool_calls=[call("[1]")])],
            "tool_calls[0].function.arguments",
        ),
        ([said("user", "a"), said("assistant", "", tool_calls=[{"id": "c"}])], "messages[1].tool_calls[0]: "),
        ([said("user", "User: a"), said("assistant", "b")], "messages[0].content[0].text: User:"),
    ],
)
def test_a_chat_that_cannot_be_converted_says_why(messages: list[Any], expected: str) -> None:
    assert expected in reason(chat(*messages), source=Source.OPENAI_CHAT)


def test_a_weight_of_one_and_empty_keys_mean_nothing() -> None:
    row = chat(said("user", "a"), said("assistant", "b", weight=1, refusal=None, annotations=[]))

    assert converted(row)[1].refused == 0
