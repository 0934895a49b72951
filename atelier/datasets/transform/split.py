"""A file split into parts with the same mix of tools, where no question is in two of them.

The split follows from the rows and the seed alone: rows that ask the same (but for case and spaces, and about
the same pictures) are one group, groups are put in the order of a keyed hash of what they ask, and go one by
one to the part that lacks most. Two passes; between them a row costs about 150 bytes of memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby
from typing import BinaryIO

from atelier.datasets.leakage.similarity import normalised
from atelier.datasets.transform.row_content import row_content
from atelier.datasets.transform.rows import lines, row


@dataclass(frozen=True)
class Index:
    """What the first pass remembers of each row: the keyed hash of its question, and its stratum."""

    hashes: array[int]
    strata: array[int]
    tools: list[str]


@dataclass(frozen=True)
class Assignment:
    """The part of each row, and each part's rows by tool ("": none)."""

    parts: bytearray
    counts: dict[str, list[int]]


def index(stream: BinaryIO, seed: int, on_progress: Callable[[int], None] | None = None) -> Index:
    """First pass. InvalidDataset at a line that is no row."""
    key = seed.to_bytes(16, "big", signed=True)
    numbers: dict[str, int] = {}
    hashes, strata = array("Q"), array("L")
    for line in lines(stream, on_progress):
        parts = row_content(row(line))
        question = (normalised(parts.question) + parts.media).encode("utf-8", "surrogatepass") or line.data
        hashes.append(int.from_bytes(blake2b(question, digest_size=8, key=key).digest(), "big"))
        strata.append(numbers.setdefault(parts.tool, len(numbers)))
    return Index(hashes, strata, list(numbers))


def assign(index: Index, shares: Sequence[float]) -> Assignment:
    """Each group to a part. With groups of one row, every part has its share to within one row, of all rows
    and nearly of each tool's.

    `shares` add up to 1. What one tool's rows leave over or owe is carried to the next one's.
    """
    by_hash = sorted(range(len(index.hashes)), key=index.hashes.__getitem__)
    groups: list[list[list[int]]] = [[] for _ in index.tools]
    for _, rows in groupby(by_hash, key=index.hashes.__getitem__):
        group = sorted(rows)
        groups[index.strata[group[0]]].append(group)
    parts = bytearray(len(index.hashes))
    counts: dict[str, list[int]] = {}
    lacking = [0.0] * len(shares)
    for tool, stratum in sorted(zip(index.tools, groups, strict=True)):
        size = sum(map(len, stratum))
        lacking = [lack + share * size for lack, share in zip(lacking, shares, strict=True)]
        counts[tool] = [0] * len(shares)
        for group in stratum:
            part = max(range(len(shares)), key=lacking.__getitem__)
            lacking[part] -= len(group)
            counts[tool][part] += len(group)
            for number in group:
                parts[number] = part
    return Assignment(parts, counts)


def write(
    stream: BinaryIO,
    parts: Iterable[int],
    outs: Sequence[Callable[[bytes], object]],
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Second pass: every line, as it is, to its part."""
    for line, part in zip(lines(stream, on_progress), parts, strict=True):
        outs[part](line.data + b"\n")
