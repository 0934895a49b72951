"""One pass over a file: every line's findings, with their places, in flat memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from atelier.datasets import Finding, Format, Part, Requirements, Rule, Violation
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.lines.part import FINDINGS_KEPT
from atelier.datasets.scan.scan import LONGEST_LINE, scan
from tests.fixtures.broken_files import CONVERSATIONS, PAIRS, Trickle, files, findings_by_the_rules
from tests.fixtures.samples import (
    CLEAN,
    PAIR,
    assistant,
    call,
    candidate,
    checked,
    dpo,
    media,
    reasoning,
    result,
    text,
    tooled,
    user,
)

TEXT = json.dumps(CLEAN["sft text"][1]).encode()
CALL = json.dumps(CLEAN["sft call"][1]).encode()
TWO_LINES = TEXT.replace(b", ", b"\n", 1)


def part_of(data: bytes) -> Part:
    return scan(BytesIO(data), Format.SFT)


def places(part: Part) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.offset, finding.rule) for finding in part.findings]


@settings(max_examples=400, deadline=None)
@given(
    data=files(),
    most=st.integers(1, 400),
    requirements=st.sampled_from([Requirements(), Requirements(bucket="data"), Requirements(bucket="other")]),
)
@example(data=TEXT + b" " + TEXT + b"\n" + TWO_LINES, most=400, requirements=Requirements())
@example(data=TEXT + TEXT + b"\n\n", most=400, requirements=Requirements())
@example(data=TEXT + b"\r\n" + TEXT + b"\r\n", most=7, requirements=Requirements())
@example(
    data=TEXT.replace(b'"role"', b'"role": "assistant", "role"', 1), most=400, requirements=Requirements()
)
@example(data=TEXT.replace(b'"role"', b'"role": "user", "role"'), most=400, requirements=Requirements())
@example(data=TEXT + b"\n" + TEXT.replace(b"Hello", b"User: Hello"), most=400, requirements=Requirements())
@example(
    data=TEXT + b"\n" + TEXT.replace(b"Hello", rb"\u0055ser: Hello"), most=400, requirements=Requirements()
)
@example(data=TEXT + b"\n" + TEXT.replace(b"Hello", b" "), most=400, requirements=Requirements())
@example(data=TEXT + b"\n" + TEXT.replace(b"Hello", rb"\u3000"), most=400, requirements=Requirements())
@example(data=CALL.replace(b"Tells the", b"User: the"), most=400, requirements=Requirements())
@example(
    data=CALL.replace(b"Tells the", b"User: the").replace(b"I look.", b"Bot:"),
    most=400,
    requirements=Requirements(),
)
def test_a_scan_finds_what_the_rules_find_line_by_line(
    data: bytes, most: int, requirements: Requirements
) -> None:
    part = scan(Trickle(data, most), Format.SFT, requirements)
    assert part.findings == findings_by_the_rules(data, Format.SFT, requirements, LONGEST_LINE)
    assert part.bytes == len(data)


@settings(max_examples=100, deadline=None)
@given(data=files(PAIRS), most=st.integers(1, 400))
def test_a_scan_of_preferences_finds_what_the_rules_find(data: bytes, most: int) -> None:
    part = scan(Trickle(data, most), Format.DPO)
    assert part.findings == findings_by_the_rules(data, Format.DPO, Requirements(), LONGEST_LINE)


@settings(max_examples=100, deadline=None)
@given(data=files(), most=st.integers(1, 400), longest=st.integers(1, 300))
def test_a_line_that_is_too_long_is_one_finding_and_the_next_is_read(
    data: bytes, most: int, longest: int
) -> None:
    requirements = Requirements(max_line_bytes=longest)
    part = scan(Trickle(data, most), Format.SFT, requirements)
    assert part.findings == findings_by_the_rules(data, Format.SFT, requirements, longest)


def test_a_clean_file_counts_rows_bytes_and_traits() -> None:
    rows = [json.dumps(row).encode() + b"\n" for row in CONVERSATIONS]
    part = part_of(b"".join(rows))
    assert (part.rows, part.lines, part.bytes) == (len(rows), len(rows), sum(map(len, rows)))
    assert part.findings == []
    assert part.feature_counts.having("toolConfig") == 2
    assert part.feature_counts.first_with("toolConfig") == 4


def test_a_blank_line_is_a_finding_and_no_row() -> None:
    part = part_of(TEXT + b"\n\n" + TEXT + b"\n \r\n")
    assert (part.rows, part.lines) == (2, 4)
    assert places(part) == [
        (2, len(TEXT) + 1, "blank-line"),
        (4, 2 * len(TEXT) + 3, "blank-line"),
    ]


def test_the_last_line_may_lack_its_newline() -> None:
    assert places(part_of(TEXT + b"\n" + TEXT)) == []


def test_a_file_that_was_cut_off_is_found_at_its_last_line() -> None:
    assert places(part_of(TEXT + b"\n" + TEXT[:-9])) == [(2, len(TEXT) + 1, "json")]


def test_brackets_in_a_text_that_was_cut_off_are_no_nesting() -> None:
    cut_off = TEXT.replace(b"Hello", rb"\"[" * 200)[:-60]
    assert places(part_of(cut_off)) == [(1, 0, "json")]


def test_a_line_that_begins_with_a_mark_is_checked_beyond_it() -> None:
    wrong = TEXT.replace(b'"user"', b'"robot"')
    assert [rule for _, _, rule in places(part_of(b"\xef\xbb\xbf" + wrong))][:2] == [
        "byte-order-mark",
        "role",
    ]


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (b"1e999", "number-range"),
        (b"-1e999", "number-range"),
        (b"9" * 5_000, "number-range"),
        (b"NaN", "json"),
        (b"-Infinity", "json"),
        (rb'"\ud83d"', "lone-surrogate"),
        (b"[" * 200 + b"]" * 200, "nesting"),
        (b"[" * 300_000, "nesting"),
        (b'"\x01"', "json"),
        (b'"\xc0\x80"', "utf-8"),
    ],
    ids=[
        "large",
        "negative",
        "digits",
        "nan",
        "infinity",
        "surrogate",
        "deep",
        "open",
        "control",
        "overlong",
    ],
)
@pytest.mark.parametrize("place", [b'{"city": "Oslo"}', b'{"city": {"type": "string"}}'])
def test_a_value_that_readers_do_not_agree_on_is_refused_wherever_it_stands(
    value: bytes, rule: str, place: bytes
) -> None:
    assert place in CALL
    broken = CALL.replace(place, b'{"city": ' + value + b"}")
    assert [rule for _, _, rule in places(part_of(broken))] == [rule]


USERS = [text("a"), result(), media("image"), media("video"), media("document")]
ASSISTANTS = [text("a"), call("c2"), reasoning()]


@pytest.mark.parametrize(
    ("role", "block"),
    [
        *(("user", one | other) for one, other in combinations(USERS, 2)),
        *(("assistant", one | other) for one, other in combinations(ASSISTANTS, 2)),
        *(("user", {}), ("assistant", {})),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_a_block_is_of_one_kind_whatever_the_kinds_are(role: str, block: dict[str, Any]) -> None:
    turns = [user(text("a")), assistant(call()), user(result()), assistant(text("a"))]
    if role == "user":
        turns[2] = user(block) if "toolResult" in block else user(result(), block)
    else:
        turns[3] = assistant(block)
    part = part_of(json.dumps(tooled(*turns)).encode())
    assert part.counts["block-kind"] == 1


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (dpo(*PAIR, before=[user(*[media()] * 11)]), "image-count"),
        (dpo(*PAIR, before=[user(text("a") | media())]), "block-kind"),
        (dpo(*PAIR, before=[user({})]), "block-kind"),
        (dpo(*PAIR, before=[user(text(" "))]), "blank-text"),
        (dpo(*PAIR, system=[text(" ")]), "empty-value"),
        (dpo(*PAIR, candidate("preferred", text("\u3000"))), "blank-text"),
        (dpo(PAIR[0], PAIR[0]), "preference-pair"),
    ],
)
def test_the_shortcut_for_preferences_lets_nothing_pass(row: dict[str, Any], rule: str) -> None:
    assert checked(Format.DPO, row).counts == {rule: 1}


def test_a_tool_config_that_is_there_twice_hides_nothing() -> None:
    hidden = CALL.replace(b'"toolConfig"', b'"toolConfig": "\xff", "toolConfig"')
    assert [rule for _, _, rule in places(part_of(hidden))] == ["utf-8"]


def test_all_findings_are_counted_and_go_to_the_sink_and_the_first_are_kept() -> None:
    seen: list[Finding] = []
    rows = FINDINGS_KEPT + 5
    part = scan(BytesIO(b"[]\n" * rows), Format.CPT, sink=seen.append)
    assert part.counts["object"] == part.refused == len(seen) == rows
    assert part.findings == seen[:FINDINGS_KEPT]


def test_a_long_line_does_not_fill_the_memory() -> None:
    class Endless:
        left = 8 * LONGEST_LINE

        def read(self, size: int = -1, /) -> bytes:
            self.left -= size
            return b"x" * size if self.left > 0 else b""

    tracemalloc.start()
    try:
        part = scan(Endless(), Format.SFT)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [finding.rule for finding in part.findings] == ["line-length"]
    assert peak < 3 * LONGEST_LINE


SPOKEN = Rule("spoken", "Somebody saw the row.", "this test")


class Recorder:
    def __init__(self) -> None:
        self.seen: list[tuple[bytes, int, int]] = []

    def on_row(self, line: bytes, number: int, offset: int) -> Iterable[Violation]:
        self.seen.append((line, number, offset))
        yield Violation(SPOKEN, "", "a row", "none")


def test_a_watcher_sees_every_row_that_is_an_object_and_adds_its_findings() -> None:
    recorder = Recorder()
    part = scan(BytesIO(TEXT + b"\n[]\n{}\n" + TEXT), Format.SFT, observers=[recorder])
    after = len(TEXT) + 7
    assert recorder.seen == [(TEXT, 1, 0), (b"{}", 3, len(TEXT) + 4), (TEXT, 4, after)]
    assert part.counts["spoken"] == 3
    assert places(part)[0] == (1, 0, "spoken")


def test_an_acceptor_spares_the_rules_only_the_rows_it_accepts(monkeypatch: pytest.MonkeyPatch) -> None:
    explained: list[int] = []

    def validate(sample: dict[str, int], _requirements: Requirements) -> Iterable[Violation]:
        explained.append(sample["a"])
        return ()

    def accept(line: bytes) -> frozenset[str] | None:
        return frozenset("a") if line == b'{"a": 1}' else None

    definition = replace(DEFINITIONS[Format.CPT], validate=validate, fast_path=lambda _requirements: accept)
    monkeypatch.setitem(DEFINITIONS, Format.CPT, definition)
    part = scan(BytesIO(b'{"a": 1}\n{"a": 2}\n{"a": 1}\n'), Format.CPT)
    assert explained == [2]
    assert part.feature_counts.having("a") == 2
