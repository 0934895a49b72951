"""What a dataset may not be."""

from __future__ import annotations

import copy
import json
from io import BytesIO
from typing import Any

import pytest

from atelier.datasets import Format, check

TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": {}}}}]}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def call(identifier: str = "c1", name: str = "get_weather", **arguments: Any) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": identifier, "name": name, "input": arguments}}


def result(identifier: str = "c1") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": identifier, "content": [{"text": "21"}]}}


def text(content: str) -> dict[str, Any]:
    return {"text": content}


def sft(*turns: dict[str, Any], **extra: Any) -> dict[str, Any]:
    return {"messages": list(turns), **extra}


def dpo(*candidates: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [user(text("Hello")), {"role": "assistant", "candidates": list(candidates)}]}


def candidate(label: str, content: str = "Hi") -> dict[str, Any]:
    return {"content": [text(content)], "preferenceLabel": label}


def lines(*samples: object) -> BytesIO:
    return BytesIO(b"".join(json.dumps(sample).encode() + b"\n" for sample in samples))


def findings(format_: Format, *samples: object) -> list[str]:
    return [str(finding) for finding in check(lines(*samples), format_).findings]


GOOD_SFT = [
    sft(user(text("Hello")), assistant(text("Hi"))),
    sft(user(text("Hello")), assistant(text("Hi")), user(text("Bye")), assistant(text("Bye"))),
]
GOOD_TOOLS = [
    sft(user(text("Weather?")), assistant(call()), toolConfig=TOOLS),
    sft(
        user(text("Weather?")),
        assistant(text("I look"), call("a"), call("b")),
        user(result("b"), result("a")),
        assistant(text("21")),
        toolConfig=TOOLS,
    ),
]


def test_good_conversations_pass_and_are_counted() -> None:
    report = check(lines(*GOOD_SFT), Format.SFT)
    assert (report.is_valid, report.rows) == (True, 2)
    assert report.bytes == sum(len(json.dumps(sample)) + 1 for sample in GOOD_SFT)


def test_good_use_of_tools_passes() -> None:
    assert findings(Format.SFT, *GOOD_TOOLS) == []


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (sft(), "messages: found []; accepted: a list of turns"),
        (sft(assistant(text("Hi"))), "messages.0.role: found 'assistant'; accepted: user"),
        (sft(user(text("a")), user(text("b"))), "messages.1.role: found 'user'; accepted: assistant"),
        (
            sft(user(text("a"))),
            "messages: found 1 turns; accepted: a conversation whose last turn is the assistant's",
        ),
        (
            sft(user(text("a")), assistant()),
            "messages.1.content: found []; accepted: a list of content blocks",
        ),
        (sft(user(text("")), assistant(text("b"))), "messages.0.content.text: found ''"),
        (
            sft(user(call()), assistant(text("b"))),
            "messages.0.content: found ['toolUse']; accepted: one of text, image",
        ),
        (sft(user(text("User: a")), assistant(text("b"))), "messages.0 reserved words: found User:"),
        (
            sft(user(text("a")), assistant(text("b")), system=[text("Bot: be kind")]),
            "system reserved words: found Bot:",
        ),
        (sft(user(text("a")), assistant(text("b")), system="short"), "system: found 'short'"),
        (
            sft(user(text("a")), assistant({"toolUse": "buy"}), toolConfig=TOOLS),
            "content.toolUse: found 'buy'; accepted: an",
        ),
        (
            sft(user(text("a")), assistant(text("b")), toolConfig={}),
            'toolConfig: found {}; accepted: {"tools": [',
        ),
        (
            sft(user(text("a")), assistant(text("b")), tools=[]),
            "keys: found tools; accepted: messages, schemaVersion",
        ),
        (
            sft(user(text("a")), assistant(call(name="buy")), toolConfig=TOOLS),
            "toolUse.name: found 'buy'; accepted: get_w",
        ),
        (
            sft(user(text("a")), assistant(call())),
            "toolUse.name: found 'get_weather'; accepted: a toolConfig",
        ),
        (
            sft(user(text("a")), assistant(call()), user(text("b")), assistant(text("c")), toolConfig=TOOLS),
            "messages.2.toolResult: found no result of call 'c1'",
        ),
        (
            sft(
                user(text("a")), assistant(call()), user(result("c2")), assistant(text("c")), toolConfig=TOOLS
            ),
            "messages.2.toolResult.toolUseId: found 'c2'; accepted: the id of a call in the turn before it",
        ),
        (
            sft(user(text("a")), assistant(call()), user(result()), assistant(call()), toolConfig=TOOLS),
            "messages.3.toolUse.toolUseId: found 'c1'; accepted: an id that is used once",
        ),
    ],
)
def test_a_conversation_that_breaks_a_rule_is_found(sample: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(findings(Format.SFT, sample))


def test_two_calls_of_one_turn_may_not_share_an_id() -> None:
    sample = sft(user(text("a")), assistant(call(), call()), toolConfig=TOOLS)
    assert "messages.1.toolUse.toolUseId: found 'c1'" in "\n".join(findings(Format.SFT, sample))


def test_a_pair_of_preferences_passes() -> None:
    assert findings(Format.DPO, dpo(candidate("preferred"), candidate("non-preferred", "Go away"))) == []


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (sft(user(text("a")), assistant(text("b"))), "last turn: found "),
        (dpo(candidate("preferred")), "candidates: found labels ['preferred']"),
        (dpo(candidate("preferred"), candidate("preferred")), "at least one preferred and one non-preferred"),
        (dpo(candidate("preferred"), candidate("worse")), "candidates.1.preferenceLabel: found 'worse'"),
        (
            dpo(candidate("preferred", ""), candidate("non-preferred")),
            "candidates.0.content: found [{'text': ''}]",
        ),
        ({"messages": dpo(candidate("preferred"))["messages"][1:]}, "whose last turn is the user's"),
    ],
)
def test_a_preference_that_breaks_a_rule_is_found(sample: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(findings(Format.DPO, sample))


def test_questions_with_answers_pass() -> None:
    good = {"query": "q", "response": "r"}
    assert (
        findings(Format.GEN_QA, good, good | {"system": "s", "metadata": "m"}, good | {"metadata": {}}) == []
    )


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"query": "q"}, "response: found None; accepted: a text that is not empty"),
        ({"query": "", "response": "r"}, "query: found ''"),
        ({"query": "q", "response": "r", "system": []}, "system: found []; accepted: a text"),
        ({"query": "q", "response": "r", "metadata": 1}, "metadata: found 1; accepted: a text or an object"),
        ({"query": "q", "response": "r", "images": ["x"]}, "images: found ['x']"),
        ({"query": "q", "response": "r", "answer": "r"}, "keys: found answer; accepted: query, response"),
    ],
)
def test_a_question_that_breaks_a_rule_is_found(sample: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(findings(Format.GEN_QA, sample))


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, [None], {"content": 1}, {"role": "user", "content": [1]}]
)
def test_no_shape_of_a_turn_makes_the_check_fail_itself(junk: Any) -> None:
    for format_ in (Format.SFT, Format.DPO):
        for sample in (
            {"messages": [junk]},
            {"messages": junk},
            sft(user(text("a")), assistant(junk)),
            sft(
                user(text("a")),
                assistant({"toolUse": junk}),
                user({"toolResult": junk}),
                assistant(text("b")),
            ),
            sft(user(text("a")), assistant(text("b")), toolConfig=junk, system=junk),
            sft(user(text("a")), assistant(text("b")), toolConfig={"tools": junk}),
            dpo(junk),
        ):
            check(lines(copy.deepcopy(sample)), format_)
