"""Every rule, by a file that breaks it and no other."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from atelier.datasets import Bound, Format, Requirements
from atelier.datasets.check import ALL_RULES
from atelier.datasets.formats.registry import DEFINITIONS
from tests.fixtures.samples import (
    ANSWERED,
    ASKED,
    CLEAN,
    PAIR,
    Row,
    as_lines,
    assistant,
    call,
    candidate,
    checked,
    dpo,
    media,
    reasoning,
    result,
    sft,
    text,
    tool,
    tooled,
    user,
)

RULES = {rule.name: rule for rule in ALL_RULES}
TEXT = sft(ASKED, ANSWERED)
PPO, RFT, QUESTION = (CLEAN[kind][1] for kind in ("ppo", "rft", "gen_qa"))
FUNCTION = RFT["tools"][0]


def located(**location: str) -> Row:
    return sft(user(media(source={"s3Location": location})), ANSWERED)


def rft(*messages: Row, **more: Any) -> Row:
    return {"messages": list(messages), **more}


def deep(levels: int) -> Any:
    return [deep(levels - 1)] if levels else 0


def said(role: str, content: object = "2 + 2") -> Row:
    return {"role": role, "content": content}


class Case(NamedTuple):
    """A file that breaks one rule; `demands` is what a recipe asks of it."""

    rule: str
    format: Format
    rows: Sequence[object]
    requirements: Requirements = Requirements()


BREAKING = [
    Case("blank-line", Format.SFT, [TEXT, b" ", TEXT]),
    Case("line-length", Format.SFT, [TEXT], Requirements(max_line_bytes=50)),
    Case("utf-8", Format.CPT, [b'{"text": "caf\xe9"}']),
    Case("byte-order-mark", Format.CPT, [json.dumps({"text": "a"}).encode("utf-8-sig")]),
    Case("json", Format.CPT, [b'{"text": "a"']),
    Case("number-range", Format.GEN_QA, [b'{"query": "q", "response": "r", "metadata": {"n": 1e999}}']),
    Case("nesting", Format.GEN_QA, [QUESTION | {"metadata": {"deep": deep(101)}}]),
    Case("lone-surrogate", Format.CPT, [rb'{"text": "half of \ud83d"}']),
    Case("object", Format.CPT, [["text"]]),
    Case("rows", Format.CPT, []),
    Case("min-rows", Format.CPT, [{"text": "a"}], Requirements(min_rows=Bound(2, "one batch"))),
    Case("max-rows", Format.CPT, [{"text": "a"}] * 3, Requirements(max_rows=Bound(2, "a quota"))),
    Case("file-size", Format.CPT, [{"text": "a"}], Requirements(max_file_bytes=5)),
    Case("required-key", Format.SFT, [{"schemaVersion": "bedrock-conversation-2024"}]),
    Case("unknown-key", Format.SFT, [TEXT | {"tools": []}]),
    Case("unread-key", Format.SFT, [tooled(ASKED, ANSWERED, toolChoice={"any": {}})]),
    Case("value-type", Format.SFT, [TEXT | {"system": None}]),
    Case("empty-value", Format.SFT, [sft(user(text("")), ANSWERED)]),
    Case("blank-text", Format.SFT, [sft(user(text(" \n")), ANSWERED)]),
    Case("schema-version", Format.SFT, [TEXT | {"schemaVersion": "2025"}]),
    Case("role", Format.SFT, [sft(ASKED, {"role": "bot", "content": [text("Hi")]})]),
    Case("user-first", Format.SFT, [sft(ANSWERED, ASKED, ANSWERED)]),
    Case("turns-alternate", Format.SFT, [sft(ASKED, ASKED, ANSWERED)]),
    Case("turns-alternate", Format.SFT, [sft(ASKED, ANSWERED, ANSWERED)]),
    Case("assistant-last", Format.SFT, [sft(ASKED, ANSWERED, ASKED)]),
    Case("block-kind", Format.SFT, [sft(user({"audio": {}}), ANSWERED)]),
    Case("block-role", Format.SFT, [sft(ASKED, assistant(media()))]),
    Case("reasoning-with-media", Format.SFT, [sft(user(media()), assistant(reasoning(), text("Hi")))]),
    Case("reserved-word", Format.SFT, [sft(user(text("Assistant: hello")), ANSWERED)]),
    Case("reserved-word-answered", Format.SFT, [sft(ASKED, assistant(text("Thought: hello")))]),
    Case("tool-described", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(description=" ")])]),
    Case("tool-schema-type", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(inputSchema={"json": {}})])]),
    Case("tool-names-unique", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(), tool()])]),
    Case("tool-known", Format.SFT, [tooled(ASKED, assistant(call(name="buy")))]),
    Case("call-id-unique", Format.SFT, [tooled(ASKED, assistant(call(), call()))]),
    Case("call-answered", Format.SFT, [tooled(ASKED, assistant(call()), ASKED, ANSWERED)]),
    Case(
        "result-next-turn",
        Format.SFT,
        [tooled(ASKED, assistant(call()), ASKED, ANSWERED, user(result()), ANSWERED)],
    ),
    Case("result-of-call", Format.SFT, [tooled(user(result("c0")), ANSWERED)]),
    Case("result-once", Format.SFT, [tooled(ASKED, assistant(call()), user(result(), result()), ANSWERED)]),
    Case(
        "result-content",
        Format.SFT,
        [tooled(ASKED, assistant(call()), user(result("c1", media())), ANSWERED)],
    ),
    Case("media-format", Format.SFT, [sft(user(media(format="PNG")), ANSWERED)]),
    Case("media-uri", Format.SFT, [located(uri="s3://data/a b.png", bucketOwner="111122223333")]),
    Case("media-uri", Format.SFT, [located(uri=f"s3://{'b' * 64}/a.png", bucketOwner="111122223333")]),
    Case("media-bucket", Format.SFT, [sft(user(media()), ANSWERED)], Requirements(bucket="other")),
    Case("media-bucket", Format.SFT, [sft(user(media()), ANSWERED)], Requirements(bucket="dat")),
    Case("bucket-owner", Format.SFT, [located(uri="s3://data/a.png", bucketOwner="me")]),
    Case("bucket-owner", Format.SFT, [located(uri="s3://data/a.png", bucketOwner="1" * 11)]),
    Case("bucket-owner-named", Format.SFT, [located(uri="s3://data/a.png")]),
    Case("image-count", Format.SFT, [sft(user(*[media()] * 11), ANSWERED)]),
    Case("video-count", Format.SFT, [sft(user(*[media("video")] * 2), ANSWERED)]),
    Case("one-modality", Format.SFT, [sft(user(media(), media("document")), ANSWERED)]),
    Case("all-or-none", Format.SFT, [TEXT, TEXT | {"system": [text("Be kind.")]}]),
    Case("all-or-none-tools", Format.SFT, [tooled(ASKED, ANSWERED), tooled(ASKED, assistant(call()))]),
    Case("schema-version-named", Format.SFT, [{"messages": [ASKED, ANSWERED]}]),
    Case(
        "reasoning-refused",
        Format.SFT,
        [sft(ASKED, assistant(reasoning()))],
        Requirements(reasoning="refused"),
    ),
    Case("reasoning-required", Format.SFT, [TEXT], Requirements(reasoning="required")),
    Case("media-refused", Format.SFT, [sft(user(media("video")), ANSWERED)], Requirements(media=False)),
    Case(
        "documents-refused",
        Format.SFT,
        [sft(user(media("document")), ANSWERED)],
        Requirements(documents=False),
    ),
    Case("candidates-last", Format.DPO, [TEXT]),
    Case("preference-label", Format.DPO, [dpo(*PAIR, candidate("worse"))]),
    Case("preference-pair", Format.DPO, [dpo(PAIR[0], PAIR[0])]),
    Case("preference-content", Format.DPO, [dpo(*PAIR, before=[user(media("video"))])]),
    Case("preference-tools", Format.DPO, [dpo(*PAIR, toolConfig={"tools": [tool()]})]),
    Case("user-turn-ends", Format.PPO, [PPO | {"turns": ["", "User: Hello"], "turns_to_mask": [0, 1]}]),
    Case("user-turn-begins", Format.PPO, [PPO | {"turns": ["", "Hello Bot:"], "turns_to_mask": [0, 1]}]),
    Case("dialogue", Format.PPO, [PPO | {"turns": ["Be kind."], "turns_to_mask": [0]}]),
    Case("mask-index", Format.PPO, [PPO | {"turns_to_mask": [0, 1, 3, 5]}]),
    Case("mask-index", Format.PPO, [PPO | {"turns_to_mask": [0, 1, 3, 3]}]),
    Case("mask-pattern", Format.PPO, [PPO | {"turns_to_mask": [0, 1]}]),
    Case("mask-pattern", Format.PPO, [PPO | {"turns_to_mask": [1, 3]}]),
    Case("user-turn-ends", Format.PPO, [PPO | {"turns": ["", "User: Bot: a"], "turns_to_mask": [0, 1]}]),
    Case("reward-category", Format.PPO, [PPO | {"reward_category": "fun"}]),
    Case("rft-role", Format.RFT, [rft(said("user"), said("judge"))]),
    Case("rft-role-documented", Format.RFT, [rft(said("user"), said("tool"))]),
    Case("system-first", Format.RFT, [rft(said("user"), said("system"))]),
    Case("user-present", Format.RFT, [rft(said("system"))]),
    Case("text-only", Format.RFT, [rft(said("user", [{"type": "image_url", "image_url": {}}]))]),
    Case("single-turn", Format.RFT, [rft(said("user"), said("assistant"), said("user"))]),
    Case("evaluation-single-turn", Format.RFT_EVAL, [rft(said("user"), said("assistant"), said("user"))]),
    Case("function-tool", Format.RFT, [rft(said("user"), tools=[FUNCTION | {"type": "browser"}])]),
    Case("prompt-text", Format.DISTILLATION, [sft(user(media()))]),
    Case("image-data", Format.GEN_QA, [QUESTION | {"images": [{"data": "https://example.com/cat.png"}]}]),
    Case("image-data", Format.GEN_QA, [QUESTION | {"images": [{"data": "data:text/plain;base64,AAAA"}]}]),
    Case("prompt-named", Format.PREFERENCE, [{"chosen": "c", "rejected": "r"}]),
    Case("chat-role", Format.OPENAI_CHAT, [{"messages": [{"role": "tool", "content": "4"}]}]),
]


def names(report_counts: dict[str, int]) -> set[str]:
    return {rule for rule, count in report_counts.items() if count}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_row_breaks_no_rule(kind: str) -> None:
    format_, row = CLEAN[kind]

    assert checked(format_, row, row).findings == []


@pytest.mark.parametrize(
    ("rule", "format_", "rows", "requirements"), BREAKING, ids=[rule for rule, *_ in BREAKING]
)
def test_a_file_breaks_just_the_rule_that_it_was_made_to_break(
    rule: str, format_: Format, rows: Sequence[object], requirements: Requirements
) -> None:
    report = checked(format_, *rows, requirements=requirements)

    assert names(report.counts) == {rule}
    assert report.is_valid == (RULES[rule].severity == "warn")
    assert {finding.severity for finding in report.findings} == {RULES[rule].severity}


def test_a_call_before_the_last_turn_is_answered_also_where_the_user_has_the_last_turn() -> None:
    report = checked(Format.DISTILLATION, tooled(ASKED, assistant(call()), ASKED))

    assert report.counts["call-answered"] == 1


def test_a_message_that_only_calls_tools_may_have_no_content() -> None:
    silent: Row = {"role": "assistant", "content": None, "tool_calls": []}
    asked = CLEAN["rft_eval"][1]

    assert checked(Format.RFT_EVAL, asked | {"messages": [*asked["messages"], silent]}).findings == []


def test_every_rule_has_a_file_that_breaks_it() -> None:
    assert sorted(RULES) == sorted({rule for rule, *_ in BREAKING})


def test_rules_are_unique_and_named_alike() -> None:
    assert len(RULES) == len(ALL_RULES)
    assert [name for name in RULES if not name.replace("-", "").replace("8", "").islower()] == []


@pytest.mark.parametrize("format_", Format)
def test_every_format_has_a_definition_and_a_clean_row(format_: Format) -> None:
    assert format_ in DEFINITIONS
    assert format_ in {clean for clean, _ in CLEAN.values()}


@pytest.mark.parametrize("format_", Format)
def test_every_required_key_of_a_clean_row_is_required(format_: Format) -> None:
    row = next(row for clean, row in CLEAN.values() if clean == format_)
    without_each = [{key: row[key] for key in row if key != left_out} for left_out in row]

    found = {finding.at for row in without_each for finding in checked(format_, row).findings}

    assert found & set(row) >= REQUIRED[format_]


REQUIRED = {
    Format.SFT: {"messages"},
    Format.DPO: {"messages"},
    Format.PPO: {"turns", "turns_to_mask", "reward_category"},
    Format.CPT: {"text"},
    Format.RFT: {"messages"},
    Format.DISTILLATION: {"messages"},
    Format.GEN_QA: {"query", "response"},
    Format.LLM_JUDGE: {"prompt", "response_A", "response_B"},
    Format.RFT_EVAL: {"messages"},
    Format.PREFERENCE: {"chosen", "rejected"},
    Format.PROMPT_COMPLETION: {"prompt", "completion"},
    Format.OPENAI_CHAT: {"messages"},
    Format.VERL: {"prompt"},
}


def paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where there is a value in a row, at any depth."""
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [at, *(path for key, inner in items for path in paths(inner, (*at, key)))]


def replaced(row: Row, path: tuple[str | int, ...], value: object) -> Any:
    if not path:
        return value
    row = copy.deepcopy(row)
    inner: Any = row
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return row


# What a row may hold anything in: data of its own, which no format looks into.
OPEN = {"input", "json", "meta_data", "metadata", "attributes", "reward_model", "extra_info", "properties"}
OPEN |= {"reference_answer", "difficulty", "city"}


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("junk", [None, 7, True, 1.5], ids=repr)
def test_no_value_may_be_of_another_type_than_its_format_says(kind: str, junk: object) -> None:
    format_, row = CLEAN[kind]
    closed = [path for path in paths(row) if path and not OPEN & set(path)]
    if junk is None and format_ in (Format.RFT, Format.RFT_EVAL):
        # OpenAI writes null for the content of a message that only calls tools.
        closed = [path for path in closed if path[-1] != "content"]

    assert [path for path in closed if checked(format_, replaced(row, path, junk)).is_valid] == []
    assert closed


@pytest.mark.parametrize("kind", CLEAN)
@pytest.mark.parametrize("junk", [None, 7, "x", "", [], {}, [None], [[]], {"text": 7}, True], ids=repr)
def test_no_value_anywhere_makes_the_check_fail_itself(kind: str, junk: object) -> None:
    format_, row = CLEAN[kind]

    for path in paths(row):
        report = checked(format_, replaced(row, path, junk))

        known = {rule.name for rule in DEFINITIONS[format_].rules} | {"object"}
        assert names(report.counts) <= known


def test_all_findings_of_a_row_are_told_at_once() -> None:
    row = sft(
        user(text("User: a"), media(format="bmp")),
        user(text("")),
        assistant(call(name="buy")),
        tools=[],
    )

    assert [(finding.at, finding.rule) for finding in checked(Format.SFT, row).findings] == [
        ("", "unknown-key"),
        ("messages[0].content[0].text", "reserved-word"),
        ("messages[0].content[1].image.format", "media-format"),
        ("messages[1].role", "turns-alternate"),
        ("messages[1].content[0].text", "empty-value"),
        ("messages[2].content[0].toolUse.name", "tool-known"),
    ]


def test_a_finding_says_where_what_and_what_is_accepted() -> None:
    first, second = TEXT, sft(user(text("Bot: hello")), ANSWERED)

    (finding,) = checked(Format.SFT, first, second).findings

    assert str(finding) == (
        f"line 2 (byte {len(as_lines(first))}), messages[0].content[0].text: found Bot:; "
        "accepted: text without the words that mark turns (reserved-word)"
    )


def test_a_key_of_some_rows_is_one_finding_on_the_file() -> None:
    rows = [TEXT | {"system": [text("Be kind.")]}] * 3 + [TEXT]

    (finding,) = checked(Format.SFT, *rows).findings

    assert str(finding) == (
        "file, system: found in 3 of 4 rows; first without at line 4; "
        "accepted: in all rows or in none (all-or-none)"
    )


def test_two_kinds_of_media_in_different_rows_are_found() -> None:
    report = checked(Format.SFT, sft(user(media()), ANSWERED), sft(user(media("video")), ANSWERED))

    assert names(report.counts) == {"one-modality", "all-or-none"}
    assert "image in 1 rows, first at line 1 and video in 1 rows, first at line 2" in str(report.findings)


def test_media_lies_in_the_bucket_of_the_dataset() -> None:
    assert (
        checked(Format.SFT, sft(user(media()), ANSWERED), requirements=Requirements(bucket="data")).findings
        == []
    )


def test_reasoning_is_where_a_recipe_wants_it() -> None:
    report = checked(
        Format.SFT,
        sft(ASKED, assistant(reasoning(), text("Hi"))),
        requirements=Requirements(reasoning="required"),
    )

    assert report.findings == []


def test_a_recipe_that_reasons_may_learn_plain_answers_and_says_how_not_to_unlearn_reasoning() -> None:
    report = checked(Format.SFT, TEXT, requirements=Requirements(reasoning="required"))
    (finding,) = [finding for finding in report.findings if finding.rule == "reasoning-required"]
    assert report.is_valid
    assert "reasoning_enabled: false" in str(finding)
