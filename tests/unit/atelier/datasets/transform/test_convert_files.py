"""Lines keep their order and their place; what does not fit together is a finding of the file."""

from __future__ import annotations

import io
import json

from atelier.datasets import Format
from atelier.datasets.transform.convert import Conversion, convert
from tests.fixtures.conversions import HELLO, TOOL_CONFIG, chat, converted, said


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
