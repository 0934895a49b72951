"""Fingerprints of a run's evaluations, to find their questions in its training data."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from atelier.datasets.formats.registry import Format
from atelier.datasets.leakage.leakage import Fingerprints
from atelier.datasets.lines.blocks import Block, blocks
from atelier.datasets.rules.finding import Rule
from atelier.datasets.scan.scan import LONGEST_LINE

# An observer holds up to 10 kB a question: this many are half a gigabyte, of the 1.7 that a function has.
MOST_QUESTIONS = 50_000

LEAKAGE_UNCHECKED = Rule(
    "leakage-unchecked",
    f"Leakage is looked for among the first {MOST_QUESTIONS:,} rows of an evaluation.",
    "Atelier: the memory of a function",
    "warn",
)


def fingerprints_of(evaluation: BinaryIO, format: Format) -> Fingerprints:  # noqa: A002 - the field's word
    """The fingerprints of an evaluation file's first rows."""
    return Fingerprints.of(islice(_lines(evaluation), MOST_QUESTIONS), format)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Every line without its newline; empty for a line that is too long, which its own check refuses."""
    for block in blocks(stream, 0, None, LONGEST_LINE):
        if isinstance(block, Block):
            yield from block.data.removesuffix(b"\n").split(b"\n")
        else:
            yield b""
