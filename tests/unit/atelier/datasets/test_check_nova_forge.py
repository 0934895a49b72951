"""Our verdicts beside those of AWS's own validator: the same, but for the differences that are named here.

docs/datasets.md tells the same differences. Media is left out: Nova Forge fetches every object.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from atelier.datasets import Finding, Format
from tests.fixtures.mutations import at, mutated
from tests.fixtures.nova_forge import refusal
from tests.fixtures.samples import (
    ANSWERED,
    ASKED,
    CLEAN,
    Row,
    assistant,
    call,
    checked,
    reasoning,
    result,
    sft,
    text,
    tool,
    tooled,
    user,
)

TEXT = sft(ASKED, ANSWERED)
UNVERSIONED = {"messages": TEXT["messages"]}
CONVERSATIONS = [
    CLEAN[f"sft {kind}"][1] for kind in ("text", "turns", "system", "call", "tools", "reasoning")
]
RFT, QUESTION = CLEAN["rft"][1], CLEAN["gen_qa"][1]
FUNCTION = RFT["tools"][0]
OPTIONAL = ("system", "toolConfig", "id", "tools", "reference_answer", "images")


@dataclass(frozen=True)
class Difference:
    """Rows that show it, and which findings of ours come of it."""

    rows: list[Row]
    of: Callable[[Finding, Row], bool]
    format: Format = Format.SFT


def rule(*names: str) -> Callable[[Finding, Row], bool]:
    return lambda finding, _row: finding.rule in names


def said_elsewhere(finding: Finding, row: Row) -> bool:
    """An empty text where Nova Forge asks for none, or beside another text of the same turn."""
    if finding.rule != "empty-value":
        return False
    if re.fullmatch(r"messages\[\d+\]\.content|system\[\d+\]\.text|.*\.reasoningText\.text", finding.at):
        return True
    turn = re.match(r"messages\[(\d+)\]\.content\[\d+\]\.text$", finding.at)
    blocks = row["messages"][int(turn[1])]["content"] if turn else []
    return any(isinstance(block, dict) and block.get("text") for block in blocks)


def has_one_kind_of(*kinds: str) -> Callable[[Finding, Row], bool]:
    """A block with keys that Nova Forge passes over beside a kind that it knows, or of several such kinds."""

    def of(finding: Finding, row: Row) -> bool:
        if finding.rule not in ("block-kind", "result-content"):
            return False
        block = at(row, [int(key) if key.isdigit() else key for key in re.findall(r"\w+", finding.at)])
        return isinstance(block, dict) and any(block.get(kind) is not None for kind in kinds)

    return of


# We refuse or warn, Nova Forge lets it pass.
STRICTER = {
    "null in place of an optional key": Difference(
        [TEXT | {"system": None}],
        lambda finding, row: (
            finding.rule == "value-type" and finding.at in OPTIONAL and row.get(finding.at, 0) is None
        ),
    ),
    "several kinds in one block": Difference(
        [sft(user(text("a") | {"more": 1}), ANSWERED)],
        has_one_kind_of("text", "image", "video", "document", "reasoningContent", "toolUse", "toolResult"),
    ),
    "several kinds in one block of a result": Difference(
        [tooled(ASKED, assistant(call()), user(result("c1", {"text": "21", "image": {}})), ANSWERED)],
        has_one_kind_of("text", "json"),
    ),
    "a turn, or a system prompt, that says nothing": Difference([sft(user(), ANSWERED)], said_elsewhere),
    "blank text": Difference([sft(user(text(" ")), ANSWERED)], rule("blank-text")),
    "keys that nothing reads": Difference(
        [tooled(ASKED, ANSWERED, toolChoice={"any": {}})], rule("unread-key")
    ),
    "optional keys of another type": Difference(
        [sft(ASKED, assistant({"reasoningContent": {"reasoningText": {"text": "a", "signature": 1}}}))],
        lambda finding, _row: finding.rule == "value-type" and finding.at.endswith((".signature", ".status")),
    ),
    "tools that no toolConfig defines": Difference(
        [sft(ASKED, assistant(call()))],
        lambda finding, row: (
            finding.rule in ("tool-known", "call-id-unique", "result-of-call", "result-once")
            and not row.get("toolConfig")
        ),
    ),
    "a call without a result": Difference(
        [tooled(ASKED, assistant(call()), ASKED, ANSWERED)], rule("call-answered")
    ),
    "a result turns later": Difference(
        [tooled(ASKED, assistant(call()), ASKED, ANSWERED, user(result()), ANSWERED)],
        rule("result-next-turn"),
    ),
    "messages that are not documented": Difference(
        [
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url"}]},
                    {"role": "User", "content": "a"},
                ]
            }
        ],
        lambda finding, _row: (
            finding.rule in ("text-only", "single-turn", "rft-role-documented")
            or (
                finding.rule == "value-type"
                and finding.at.endswith((".role", ".tool_call_id", ".tool_calls"))
            )
        ),
        Format.RFT,
    ),
    "toolConfig in some rows": Difference(
        [TEXT, tooled(ASKED, ANSWERED)],
        lambda finding, _row: finding.rule == "all-or-none" and finding.at in ("toolConfig", "schemaVersion"),
    ),
}

# We warn, or let it pass, and Nova Forge refuses.
MILDER = {
    "another schemaVersion": (Format.SFT, [TEXT | {"schemaVersion": "2025"}], "schema-version"),
    "no schemaVersion": (Format.SFT, [UNVERSIONED], "schema-version-named"),
    "a reserved word in an answer": (
        Format.SFT,
        [sft(ASKED, assistant(reasoning("User: asks"), text("Hi")))],
        "reserved-word-answered",
    ),
    "a tool without a description": (
        Format.SFT,
        [tooled(ASKED, ANSWERED, tools=[tool(description="")])],
        "tool-described",
    ),
    "a schema without a type": (
        Format.SFT,
        [tooled(ASKED, ANSWERED, tools=[tool(inputSchema={"json": {}})])],
        "tool-schema-type",
    ),
    "tool calls in some rows": (
        Format.SFT,
        [tooled(ASKED, ANSWERED), tooled(ASKED, assistant(call()))],
        "all-or-none-tools",
    ),
    "a function without a description": (
        Format.RFT,
        [RFT | {"tools": [{**FUNCTION, "function": {**FUNCTION["function"], "description": ""}}]}],
        "tool-described",
    ),
    "metadata that is an object": (Format.GEN_QA, [QUESTION | {"metadata": {"topic": "cats"}}], None),
}


def is_named(finding: Finding, rows: list[Any]) -> bool:
    row = rows[finding.line - 1] if finding.line else {}
    return any(difference.of(finding, row) for difference in STRICTER.values())


@pytest.mark.parametrize("name", STRICTER)
def test_where_we_are_stricter_nova_forge_lets_it_pass(name: str) -> None:
    difference = STRICTER[name]
    findings = checked(difference.format, *difference.rows).findings

    assert findings
    assert all(is_named(finding, difference.rows) for finding in findings)
    assert refusal(difference.format, difference.rows) is None


@pytest.mark.parametrize("name", MILDER)
def test_where_we_are_milder_nova_forge_refuses(name: str) -> None:
    format_, rows, rule_name = MILDER[name]
    report = checked(format_, *rows)

    assert (report.is_valid, set(report.counts)) == (True, {rule_name} if rule_name else set())
    assert refusal(format_, rows) is not None


ROWS = {
    Format.SFT: CONVERSATIONS,
    Format.CPT: [CLEAN["cpt"][1]],
    Format.RFT: [RFT, CLEAN["rft parts"][1]],
    Format.GEN_QA: [QUESTION],
}


@pytest.mark.parametrize("format_", ROWS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_the_verdicts_are_the_same_but_for_the_differences(format_: Format, data: st.DataObject) -> None:
    rows = data.draw(st.lists(mutated(st.sampled_from(ROWS[format_])), min_size=1, max_size=3))
    report = checked(format_, *rows)
    theirs = refusal(format_, rows)

    if not report.findings:
        assert theirs is None or has_metadata_object(rows)
    elif not all(is_named(finding, rows) for finding in report.findings):
        assert theirs
    if theirs and report.is_valid:
        assert MILDER_RULES & set(report.counts) or has_metadata_object(rows)


MILDER_RULES = {rule_name for _, _, rule_name in MILDER.values()}


def has_metadata_object(rows: list[Any]) -> bool:
    return any(isinstance(row.get("metadata"), dict) for row in rows)
