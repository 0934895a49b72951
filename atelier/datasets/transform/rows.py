"""The lines of a file with their rows, for transforms that keep lines as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

from atelier.datasets.lines.blocks import Skipped, blocks
from atelier.datasets.lines.line import LINE_LENGTH, read
from atelier.datasets.rules.finding import Finding, Violation
from atelier.datasets.scan.scan import LONGEST_LINE
from atelier.errors import InvalidDataset


class Line(NamedTuple):
    """One line without its newline; `number` counts from 1, `offset` is its first byte."""

    number: int
    offset: int
    data: bytes


def lines(stream: BinaryIO, on_progress: Callable[[int], None] | None = None) -> Iterator[Line]:
    """Every line. InvalidDataset at one that is too long to be held."""
    number = 0
    for block in blocks(stream, 0, None, LONGEST_LINE):
        if isinstance(block, Skipped):
            violation = Violation(LINE_LENGTH, "", f"{block.size:,} bytes", f"at most {LONGEST_LINE:,} bytes")
            raise _invalid(violation, number + 1, block.offset)
        offset = block.offset
        for data in block.data.removesuffix(b"\n").split(b"\n"):
            number += 1
            yield Line(number, offset, data)
            offset += len(data) + 1
        if on_progress:
            on_progress(len(block.data))


def row(line: Line) -> dict[str, Any]:
    """The row that a line holds. InvalidDataset when it holds none."""
    held = read(line.data)
    if isinstance(held, Violation):
        raise _invalid(held, line.number, line.offset)
    return held


def _invalid(violation: Violation, number: int, offset: int) -> InvalidDataset:
    return InvalidDataset(
        f"{Finding.of(violation, file='', line=number, offset=offset)}: atelier data check lists all"
    )
