"""Rows of other layouts become samples that are clean, or are named with the reason."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from atelier.datasets import Format, check
from atelier.datasets.definitions.words import RESERVED_WORDS
from atelier.datasets.transform import openai_text
from atelier.datasets.transform.anatomy import anatomy
from atelier.datasets.transform.convert import Conversion, Outcome, Undetected, convert
from atelier.datasets.transform.sources import Columns, Source, detect
from atelier.datasets.transform.targets import TARGETS

TOOL = {
    "type": "function",
    "function": {"name": "look_up", "description": "Find it", "parameters": {"type": "object"}},
}
TOOL_CONFIG = {
    "tools": [
        {
            "toolSpec": {
                "name": "look_up",
                "description": "Find it",
                "inputSchema": {"json": {"type": "object"}},
            }
        }
    ]
}


def said(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def call(arguments: Any, identifier: str = "c1") -> dict[str, Any]:
    return {"id": identifier, "type": "function", "function": {"name": "look_up", "arguments": arguments}}


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {
        "role": role,
        "content": [{"text": block} if isinstance(block, str) else block for block in blocks],
    }


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def converted(*rows: Any, to: Format = Format.SFT, **asked: Any) -> tuple[list[Any], Outcome]:
    """The samples that rows become, and the outcome."""
    lines: list[bytes] = []
    stream = io.BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    outcome = convert(stream, lines.append, Conversion(to, **asked))
    return [json.loads(line) for line in b"".join(lines).splitlines()], outcome


def reason(*rows: Any, **asked: Any) -> str:
    """Why the only refused row is."""
    _, outcome = converted(*rows, **asked)
    (finding,) = outcome.report.findings
    return f"{finding.at}: {finding.found}"


HELLO = chat(said("user", "Hello"), said("assistant", "Hi"))


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


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Hello", "completion": "Hi"}, Source.PROMPT_COMPLETION),
        (
            {"prompt": [said("user", "Hello")], "completion": [said("assistant", "Hi")]},
            Source.PROMPT_COMPLETION,
        ),
        ({"question": "Hello", "answer": "Hi"}, Source.QUESTION_ANSWER),
        ({"query": "Hello", "response": "Hi"}, Source.QUESTION_ANSWER),
        ({"instruction": "Hello", "input": "", "output": "Hi"}, Source.INSTRUCTION),
        ({"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"}, Source.PREFERENCE),
        (HELLO, Source.OPENAI_CHAT),
        ({"messages": [turn("user", "Hello"), turn("assistant", "Hi")]}, Source.CONVERSE),
    ],
)
def test_every_layout_is_recognised_and_read(row: dict[str, Any], expected: Source) -> None:
    samples, outcome = converted(row)

    assert outcome.source == expected
    assert samples[0]["messages"] == [turn("user", "Hello"), turn("assistant", "Hi")]


def test_an_instruction_s_input_follows_it() -> None:
    samples, _ = converted({"instruction": "Translate.", "input": "oui", "output": "yes"})

    assert samples[0]["messages"][0] == turn("user", "Translate.\n\noui")


def test_columns_may_have_any_name() -> None:
    columns = Columns(query="frage", response="antwort", system="rolle")

    samples, outcome = converted({"frage": "Hallo", "antwort": "Hi", "rolle": "Nett."}, columns=columns)

    assert outcome.source == Source.QUESTION_ANSWER
    assert samples[0]["system"] == [{"text": "Nett."}]


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"},
        {
            "chosen": [said("user", "Hello"), said("assistant", "Hi")],
            "rejected": [said("user", "Hello"), said("assistant", "Go away")],
        },
        {
            "prompt": [said("user", "Hello")],
            "chosen": [said("assistant", "Hi")],
            "rejected": [said("assistant", "Go away")],
        },
        {
            "prompt": "Hello",
            "chosen": [said("user", "Hello"), said("assistant", "Hi")],
            "rejected": [said("user", "Hello"), said("assistant", "Go away")],
        },
        {"question": "Hello", "chosen": "Hi", "rejected": "Go away"},
        {
            "input": {"messages": [said("user", "Hello")], "tools": [], "parallel_tool_calls": True},
            "preferred_output": [said("assistant", "Hi")],
            "non_preferred_output": [said("assistant", "Go away")],
        },
    ],
)
def test_preferences_become_candidates(row: dict[str, Any]) -> None:
    samples, outcome = converted(row, to=Format.DPO)

    assert outcome.report.findings == []
    assert samples[0]["messages"] == [
        turn("user", "Hello"),
        {
            "role": "assistant",
            "candidates": [
                {"content": [{"text": "Hi"}], "preferenceLabel": "preferred"},
                {"content": [{"text": "Go away"}], "preferenceLabel": "non-preferred"},
            ],
        },
    ]


def test_a_preference_of_two_conversations_that_differ_before_the_answer_is_refused() -> None:
    row = {
        "chosen": [said("user", "Hello"), said("assistant", "Hi")],
        "rejected": [said("user", "Good day"), said("assistant", "Go away")],
    }

    assert reason(row, to=Format.DPO) == "rejected: another conversation before the answer"


def test_a_prompt_that_the_chosen_conversation_does_not_ask_is_refused() -> None:
    row = {"prompt": "Where is it?", "chosen": HELLO["messages"], "rejected": HELLO["messages"]}

    assert reason(row, to=Format.DPO) == "chosen: a conversation that does not ask the prompt"


def test_a_preference_without_a_question_says_which_column_is_missing() -> None:
    row = {"chosen": "Hi", "rejected": "Go away"}

    assert reason(row, to=Format.DPO) == "prompt: no such column"


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


def test_lines_that_are_no_rows_say_why_not() -> None:
    with pytest.raises(Undetected, match="none of the first lines is a row: the line ends inside a value"):
        convert(io.BytesIO(b"[\n{\n"), lambda _lines: None, Conversion(Format.SFT))


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


@pytest.mark.parametrize("target", [Format.DPO, Format.PREFERENCE, Format.SFT])
def test_preferences_come_back_as_they_were(target: Format) -> None:
    row = {"prompt": "Hello", "chosen": "Hi", "rejected": "Go away"}

    samples, _ = converted(row, to=target)
    back, _ = converted(*samples, to=Format.PREFERENCE)

    assert back == ([row] if target != Format.SFT else [])


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


def test_rows_are_counted_and_named_by_line_and_byte() -> None:
    stream = io.BytesIO(json.dumps(HELLO).encode() + b"\nnot json\n\n" + json.dumps(HELLO).encode())
    lines: list[bytes] = []

    outcome = convert(stream, lines.append, Conversion(Format.SFT), file="chats.jsonl")

    assert (outcome.report.rows, outcome.refused, outcome.written, len(lines)) == (4, 2, 2, 2)
    first = len(json.dumps(HELLO)) + 1
    assert [(finding.file, finding.line, finding.offset) for finding in outcome.report.findings] == [
        ("chats.jsonl", 2, first),
        ("chats.jsonl", 3, first + len("not json\n")),
    ]


def test_a_row_nested_without_end_is_refused_and_the_next_is_converted() -> None:
    deep = b'{"messages": [{"content": ' + b"[" * 200_000 + b"\n"
    hello = json.dumps(HELLO).encode() + b"\n"
    lines: list[bytes] = []

    outcome = convert(io.BytesIO(hello + deep + hello), lines.append, Conversion(Format.SFT))

    assert [(finding.line, finding.rule) for finding in outcome.report.findings] == [(2, "nesting")]
    assert len(lines) == 2


def test_rows_that_go_the_fast_way_and_rows_that_do_not_keep_their_order_and_their_lines() -> None:
    rows = [
        chat(said("developer" if number % 3 else "system", f"{number}"), *HELLO["messages"])
        for number in range(9)
    ]
    rows[5] = chat(said("system", "5"))

    samples, outcome = converted(*rows)

    assert [sample["system"][0]["text"] for sample in samples] == [
        str(number) for number in range(9) if number != 5
    ]
    assert [finding.line for finding in outcome.report.findings] == [6]


def test_columns_that_nothing_reads_are_told() -> None:
    row = {"question": "Hello", "answer": "Hi", "id": 7}

    assert converted(row, row)[1].left_out == {"id": 2}


def test_rows_that_do_not_fit_together_are_a_finding_of_the_file() -> None:
    with_system = chat(said("system", "Be kind."), *HELLO["messages"])

    _, outcome = converted(HELLO, with_system)

    assert (outcome.refused, outcome.fits_together) == (0, False)
    assert "system in 1 of 2 rows; first without at line 1" in " ".join(
        f"{finding.at} {finding.found}" for finding in outcome.report.findings
    )


def test_rows_without_a_system_text_and_tools_can_be_given_them() -> None:
    samples, outcome = converted(HELLO, system="Be kind.", tool_config=TOOL_CONFIG)

    assert outcome.fits_together
    assert samples[0]["system"] == [{"text": "Be kind."}]
    assert samples[0]["toolConfig"] == TOOL_CONFIG


def test_an_empty_file_is_a_finding() -> None:
    _, outcome = converted()

    assert [(finding.line, finding.found) for finding in outcome.report.findings] == [(0, "no rows")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"a": 1}], "columns a: no known layout"),
        ([[1]], "none of the first lines is a row: list"),
        ([HELLO, {"question": "a", "answer": "b"}], "the first rows are openai-chat and question-answer"),
    ],
)
def test_a_layout_that_is_not_known_is_asked_for(rows: list[Any], expected: str) -> None:
    with pytest.raises(Undetected, match=expected):
        converted(*rows)


def test_a_layout_that_is_named_is_taken() -> None:
    assert converted(HELLO, {"a": 1}, source=Source.OPENAI_CHAT)[1].refused == 1


texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [*RESERVED_WORDS, "a User: b", "Us\u0065r", "[EOS", "<video", "a:b", "ser:", "\u2028", "  "]
    ),
)
roles = st.sampled_from(["system", "user", "assistant", "tool", "developer"])
messages = st.one_of(
    st.builds(said, roles, texts),
    st.builds(lambda text: said("assistant", text, tool_calls=[call('{"a": 1e3}')]), texts),
    st.builds(lambda text: said("tool", text, tool_call_id="c1"), texts),
    st.builds(lambda text: said("user", [{"type": "text", "text": text}]), texts),
)
plain = st.builds(
    lambda system, exchanges: chat(
        *(said("system", text) for text in system),
        *(
            said(role, text)
            for pair in exchanges
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ),
    ),
    st.lists(texts, max_size=1),
    st.lists(st.tuples(texts, texts), min_size=1, max_size=3),
)
chats = st.builds(
    lambda said, tools: chat(*said, **({"tools": [TOOL]} if tools else {})),
    st.lists(messages, max_size=6),
    st.booleans(),
)
questions = st.fixed_dictionaries({"question": texts, "answer": texts})
preferences = st.fixed_dictionaries({"prompt": texts, "chosen": texts, "rejected": texts})


@given(
    rows=st.one_of(*(st.lists(layout, max_size=5) for layout in (plain, chats, questions, preferences))),
    target=st.sampled_from([Format.SFT, Format.DPO, Format.GEN_QA, Format.DISTILLATION, Format.PREFERENCE]),
    system=st.one_of(st.none(), texts.filter(bool)),
)
@example(rows=[chat(said("user", "a"), said("assistant", "User: b"))], target=Format.SFT, system=None)
def test_what_is_written_is_clean_and_what_is_not_is_named(
    rows: list[dict[str, Any]], target: Format, system: str | None
) -> None:
    samples, outcome = converted(*rows, to=target, source=source_of(rows), system=system)

    assert outcome.report.rows == len(rows)
    assert len(samples) == outcome.written
    assert len({finding.line for finding in outcome.report.findings if finding.line}) == outcome.refused
    lines = b"".join(json.dumps(sample).encode() + b"\n" for sample in samples)
    refusing = [
        finding for finding in check(io.BytesIO(lines), target).findings if finding.severity == "refuse"
    ]
    if outcome.fits_together and samples:
        assert refusing == []
    else:
        assert all(finding.line == 0 for finding in refusing)


def source_of(rows: list[dict[str, Any]]) -> Source:
    keys = rows[0].keys() if rows else set()
    if "messages" in keys:
        return Source.OPENAI_CHAT
    return Source.QUESTION_ANSWER if "question" in keys else Source.PREFERENCE


@given(rows=st.lists(plain, min_size=1, max_size=4), system=st.one_of(st.none(), texts.filter(bool)))
def test_the_fast_way_writes_what_the_readable_way_writes(
    rows: list[dict[str, Any]], system: str | None
) -> None:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    block = openai_text.convert_block(data, system)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_text, "convert_block", lambda _data, _system: None)
        samples, outcome = converted(*rows, source=Source.OPENAI_CHAT, system=system)

    if block is None:
        return
    assert [json.loads(line) for line in block.lines.splitlines()] == samples
    assert (block.rows, outcome.refused) == (len(rows), 0)


def test_the_fast_way_takes_plain_chats() -> None:
    data = b"".join(
        json.dumps(row).encode() + b"\n" for row in (HELLO, chat(said("system", "s"), *HELLO["messages"]))
    )

    block = openai_text.convert_block(data)

    assert block
    assert [(sorted(traits), rows, first) for traits, rows, first in block.traits] == [
        (["schemaVersion", "system"], 1, 2),
        (["schemaVersion"], 1, 1),
    ]


@pytest.mark.parametrize("word", RESERVED_WORDS)
def test_the_fast_way_sees_every_reserved_word_however_it_is_written(word: str) -> None:
    plain_line = json.dumps(chat(said("user", f"a {word} b"), said("assistant", "c"))).encode()
    escaped = plain_line.replace(word[-2].encode(), f"\\u{ord(word[-2]):04x}".encode(), 1)

    assert openai_text.convert_block(plain_line + b"\n") is None
    assert openai_text.convert_block(escaped + b"\n") is None


KEYS = [
    *(
        "messages",
        "role",
        "content",
        "text",
        "type",
        "tools",
        "tool_calls",
        "tool_call_id",
        "function",
        "name",
    ),
    *(
        "arguments",
        "id",
        "system",
        "toolConfig",
        "toolSpec",
        "candidates",
        "preferenceLabel",
        "toolUse",
        "toolResult",
    ),
    *(
        "prompt",
        "input",
        "chosen",
        "rejected",
        "completion",
        "query",
        "response",
        "instruction",
        "output",
        "turns",
    ),
]
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
        st.sampled_from(["user", "assistant", "system", "tool", "preferred", "non-preferred", "{}", "text"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=6,
)
turns = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant"])},
        optional={"content": values, "candidates": values, "tool_calls": values},
    ),
    max_size=3,
)
anything = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(KEYS, values)
    | {"messages": st.one_of(turns, values), "prompt": st.one_of(turns, values)},
)


# Rows of anything are slow to make where other things run on the machine: no sign of a bad test.
unhurried = settings(suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(
    row=anything,
    source=st.sampled_from(list(Source)),
    target=st.sampled_from(list(TARGETS)),
    last=st.booleans(),
)
def test_any_row_is_converted_or_refused_with_a_reason(
    row: dict[str, Any], source: Source, target: Format, last: bool
) -> None:
    samples, outcome = converted(row, to=target, source=source, last_exchange=last)

    assert len(samples) + outcome.refused == 1
    assert bool(outcome.report.findings) == bool(outcome.refused)


@unhurried
@given(row=anything)
def test_any_row_has_a_layout_or_none(row: dict[str, Any]) -> None:
    assert detect(row) in (None, *Source)


@unhurried
@given(row=anything)
def test_any_row_can_be_taken_apart(row: dict[str, Any]) -> None:
    parts = anatomy(row)

    assert parts.characters == sum(len(said.text) for said in parts.said)
    assert all(isinstance(said.text, str) for said in parts.said)
