"""Every rule, by a file that breaks it and no other."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from atelier.datasets import Bound, Demands, Format
from atelier.datasets.all_rules import ALL_RULES
from atelier.datasets.registry import DEFINITIONS
from tests.support.samples import (
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


# (rule, format, rows, what a recipe demands)
BREAKING: list[tuple[str, Format, list[object], Demands]] = [
    (rule, format_, rows, demands[0] if demands else Demands())
    for rule, format_, rows, *demands in [
        ("blank-line", Format.SFT, [TEXT, b" ", TEXT]),
        ("line-length", Format.SFT, [TEXT], Demands(max_line_bytes=50)),
        ("utf-8", Format.CPT, [b'{"text": "caf\xe9"}']),
        ("byte-order-mark", Format.CPT, [json.dumps({"text": "a"}).encode("utf-8-sig")]),
        ("json", Format.CPT, [b'{"text": "a"']),
        ("number-range", Format.GEN_QA, [b'{"query": "q", "response": "r", "metadata": {"n": 1e999}}']),
        ("nesting", Format.GEN_QA, [QUESTION | {"metadata": {"deep": deep(101)}}]),
        ("lone-surrogate", Format.CPT, [rb'{"text": "half of \ud83d"}']),
        ("object", Format.CPT, [["text"]]),
        ("rows", Format.CPT, []),
        ("min-rows", Format.CPT, [{"text": "a"}], Demands(min_rows=Bound(2, "one batch"))),
        ("max-rows", Format.CPT, [{"text": "a"}] * 3, Demands(max_rows=Bound(2, "a quota"))),
        ("file-size", Format.CPT, [{"text": "a"}], Demands(max_file_bytes=5)),
        ("required-key", Format.SFT, [{"schemaVersion": "bedrock-conversation-2024"}]),
        ("unknown-key", Format.SFT, [TEXT | {"tools": []}]),
        ("unread-key", Format.SFT, [tooled(ASKED, ANSWERED, toolChoice={"any": {}})]),
        ("value-type", Format.SFT, [TEXT | {"system": None}]),
        ("empty-value", Format.SFT, [sft(user(text("")), ANSWERED)]),
        ("blank-text", Format.SFT, [sft(user(text(" \n")), ANSWERED)]),
        ("schema-version", Format.SFT, [TEXT | {"schemaVersion": "2025"}]),
        ("role", Format.SFT, [sft(ASKED, {"role": "bot", "content": [text("Hi")]})]),
        ("user-first", Format.SFT, [sft(ANSWERED, ASKED, ANSWERED)]),
        ("turns-alternate", Format.SFT, [sft(ASKED, ASKED, ANSWERED)]),
        ("assistant-last", Format.SFT, [sft(ASKED, ANSWERED, ASKED)]),
        ("block-kind", Format.SFT, [sft(user({"audio": {}}), ANSWERED)]),
        ("block-role", Format.SFT, [sft(ASKED, assistant(media()))]),
        ("reasoning-with-media", Format.SFT, [sft(user(media()), assistant(reasoning(), text("Hi")))]),
        ("reserved-word", Format.SFT, [sft(user(text("Assistant: hello")), ANSWERED)]),
        ("reserved-word-answered", Format.SFT, [sft(ASKED, assistant(text("Thought: hello")))]),
        ("tool-described", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(description=" ")])]),
        ("tool-schema-type", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(inputSchema={"json": {}})])]),
        ("tool-names-unique", Format.SFT, [tooled(ASKED, ANSWERED, tools=[tool(), tool()])]),
        ("tool-known", Format.SFT, [tooled(ASKED, assistant(call(name="buy")))]),
        ("call-id-unique", Format.SFT, [tooled(ASKED, assistant(call(), call()))]),
        ("call-answered", Format.SFT, [tooled(ASKED, assistant(call()), ASKED, ANSWERED)]),
        (
            "result-next-turn",
            Format.SFT,
            [tooled(ASKED, assistant(call()), ASKED, ANSWERED, user(result()), ANSWERED)],
        ),
        ("result-of-call", Format.SFT, [tooled(user(result("c0")), ANSWERED)]),
        ("result-once", Format.SFT, [tooled(ASKED, assistant(call()), user(result(), result()), ANSWERED)]),
        (
            "result-content",
            Format.SFT,
            [tooled(ASKED, assistant(call()), user(result("c1", media())), ANSWERED)],
        ),
        ("media-format", Format.SFT, [sft(user(media(format="PNG")), ANSWERED)]),
        ("media-uri", Format.SFT, [located(uri="s3://data/a b.png", bucketOwner="111122223333")]),
        ("media-bucket", Format.SFT, [sft(user(media()), ANSWERED)], Demands(bucket="other")),
        ("bucket-owner", Format.SFT, [located(uri="s3://data/a.png", bucketOwner="me")]),
        ("bucket-owner-named", Format.SFT, [located(uri="s3://data/a.png")]),
        ("image-count", Format.SFT, [sft(user(*[media()] * 11), ANSWERED)]),
        ("video-count", Format.SFT, [sft(user(*[media("video")] * 2), ANSWERED)]),
        ("one-modality", Format.SFT, [sft(user(media(), media("document")), ANSWERED)]),
        ("all-or-none", Format.SFT, [TEXT, TEXT | {"system": [text("Be kind.")]}]),
        ("all-or-none-tools", Format.SFT, [tooled(ASKED, ANSWERED), tooled(ASKED, assistant(call()))]),
        ("schema-version-named", Format.SFT, [{"messages": [ASKED, ANSWERED]}]),
        ("reasoning-refused", Format.SFT, [sft(ASKED, assistant(reasoning()))], Demands(reasoning="refused")),
        ("reasoning-required", Format.SFT, [TEXT], Demands(reasoning="required")),
        ("media-refused", Format.SFT, [sft(user(media("video")), ANSWERED)], Demands(media=False)),
        ("documents-refused", Format.SFT, [sft(user(media("document")), ANSWERED)], Demands(documents=False)),
        ("candidates-last", Format.DPO, [TEXT]),
        ("preference-label", Format.DPO, [dpo(*PAIR, candidate("worse"))]),
        ("preference-pair", Format.DPO, [dpo(PAIR[0], PAIR[0])]),
        ("preference-content", Format.DPO, [dpo(*PAIR, before=[user(media("video"))])]),
        ("preference-tools", Format.DPO, [dpo(*PAIR, toolConfig={"tools": [tool()]})]),
        ("user-turn-ends", Format.PPO, [PPO | {"turns": ["", "User: Hello"], "turns_to_mask": [0, 1]}]),
        ("user-turn-begins", Format.PPO, [PPO | {"turns": ["", "Hello Bot:"], "turns_to_mask": [0, 1]}]),
        ("dialogue", Format.PPO, [PPO | {"turns": ["Be kind."], "turns_to_mask": [0]}]),
        ("mask-index", Format.PPO, [PPO | {"turns_to_mask": [0, 1, 3, 5]}]),
        ("mask-pattern", Format.PPO, [PPO | {"turns_to_mask": [0, 1]}]),
        ("reward-category", Format.PPO, [PPO | {"reward_category": "fun"}]),
        ("rft-role", Format.RFT, [rft(said("user"), said("judge"))]),
        ("rft-role-documented", Format.RFT, [rft(said("user"), said("tool"))]),
        ("system-first", Format.RFT, [rft(said("user"), said("system"))]),
        ("user-present", Format.RFT, [rft(said("system"))]),
        ("text-only", Format.RFT, [rft(said("user", [{"type": "image_url", "image_url": {}}]))]),
        ("single-turn", Format.RFT, [rft(said("user"), said("assistant"), said("user"))]),
        ("evaluation-single-turn", Format.RFT_EVAL, [rft(said("user"), said("assistant"), said("user"))]),
        ("function-tool", Format.RFT, [rft(said("user"), tools=[FUNCTION | {"type": "browser"}])]),
        ("prompt-text", Format.DISTILLATION, [sft(user(media()))]),
        ("image-data", Format.GEN_QA, [QUESTION | {"images": [{"data": "https://example.com/cat.png"}]}]),
        ("prompt-named", Format.PREFERENCE, [{"chosen": "c", "rejected": "r"}]),
        ("chat-role", Format.OPENAI_CHAT, [{"messages": [{"role": "tool", "content": "4"}]}]),
    ]
]


def names(report_counts: dict[str, int]) -> set[str]:
    return {rule for rule, count in report_counts.items() if count}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_row_breaks_no_rule(kind: str) -> None:
    format_, row = CLEAN[kind]

    assert checked(format_, row, row).findings == []


@pytest.mark.parametrize(
    ("rule", "format_", "rows", "demands"), BREAKING, ids=[rule for rule, *_ in BREAKING]
)
def test_a_file_breaks_just_the_rule_that_it_was_made_to_break(
    rule: str, format_: Format, rows: list[object], demands: Demands
) -> None:
    report = checked(format_, *rows, demands=demands)

    assert names(report.counts) == {rule}
    assert report.is_valid == (RULES[rule].severity == "warn")
    assert {finding.severity for finding in report.findings} == {RULES[rule].severity}


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
    assert checked(Format.SFT, sft(user(media()), ANSWERED), demands=Demands(bucket="data")).findings == []


def test_reasoning_is_where_a_recipe_wants_it() -> None:
    report = checked(
        Format.SFT, sft(ASKED, assistant(reasoning(), text("Hi"))), demands=Demands(reasoning="required")
    )

    assert report.findings == []
