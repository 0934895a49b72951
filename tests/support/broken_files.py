"""Files of rows and of everything that is none, as Hypothesis draws them, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from atelier.datasets import Finding, Format, Requirements
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.rules.violation import Violation
from atelier.datasets.scan.line import BYTE_ORDER_MARK_BYTES, BYTE_ORDER_MARK_FOUND, LINE_LENGTH, read
from tests.support.mutations import mutated
from tests.support.samples import CLEAN

CONVERSATIONS = [row for format_, row in CLEAN.values() if format_ == Format.SFT]
PAIRS = [row for format_, row in CLEAN.values() if format_ == Format.DPO]
_INSERTS = (
    *(b"\n", b"\r", b" ", b"\t", b"\xff", b"\xc3", b"\x00", b"{", b"}", b"[", b"]", b'"', b"\\", b","),
    *(b"User:", rb"\u0055ser:", rb"\ud800", b"1e999", b"NaN", b"\xef\xbb\xbf", b"\n\n", "é".encode()),
)


class Trickle:
    """A stream that gives a few bytes at a time, as a socket may."""

    def __init__(self, data: bytes, most: int) -> None:
        self._data = data
        self._most = most

    def read(self, size: int = -1, /) -> bytes:
        size = self._most if size < 0 else min(size, self._most)
        data, self._data = self._data[:size], self._data[size:]
        return data


@st.composite
def lines(draw: st.DrawFn, rows: list[dict[str, Any]] = CONVERSATIONS) -> bytes:
    """A row as it is written, changed, damaged or doubled; or something else."""
    row = draw(st.one_of(st.sampled_from(rows), mutated(st.sampled_from(rows))))
    separators = draw(st.sampled_from([None, (",", ":"), (" ,\t", " : ")]))
    line = json.dumps(row, ensure_ascii=draw(st.booleans()), separators=separators).encode()
    match draw(st.sampled_from(["whole"] * 6 + ["cut", "insert", "twice", "crlf", "mark", "junk"])):
        case "cut":
            return line[: draw(st.integers(0, len(line)))]
        case "insert":
            place = draw(st.integers(0, len(line)))
            return line[:place] + draw(st.sampled_from(_INSERTS)) + line[place:]
        case "twice":
            return line + draw(st.sampled_from([b"", b" ", b",", b"\t"])) + line
        case "crlf":
            return line + b"\r"
        case "mark":
            return BYTE_ORDER_MARK_BYTES + line
        case "junk":
            return draw(st.binary(max_size=12))
    return line


@st.composite
def files(draw: st.DrawFn, rows: list[dict[str, Any]] = CONVERSATIONS) -> bytes:
    """A file of a few such lines, with or without a newline at its end."""
    return b"\n".join(draw(st.lists(lines(rows), max_size=8))) + draw(st.sampled_from([b"", b"\n"]))


def findings_by_the_rules(
    data: bytes, format_: Format, requirements: Requirements, longest: int
) -> list[Finding]:
    """The findings of every line, told by the reader and the rules alone, a line at a time."""
    found: list[Finding] = []
    offset = 0
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], start=1):
        violations = _faults(line, format_, requirements, longest)
        found += [Finding.of(violation, file="", line=number, offset=offset) for violation in violations]
        offset += len(line) + 1
    return found


def _faults(line: bytes, format_: Format, requirements: Requirements, longest: int) -> list[Violation]:
    if len(line) > longest:
        return [Violation(LINE_LENGTH, "", f"{len(line):,} bytes", f"at most {longest:,} bytes")]
    marks = [BYTE_ORDER_MARK_FOUND] if line.startswith(BYTE_ORDER_MARK_BYTES) else []
    sample = read(line.removeprefix(BYTE_ORDER_MARK_BYTES))
    if isinstance(sample, Violation):
        return [*marks, sample]
    return [*marks, *DEFINITIONS[format_].validate(sample, requirements)]
