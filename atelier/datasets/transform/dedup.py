"""Leaving out rows that are there already: the same, or alike.

The same: all that a row holds (identity.py). Alike: similarity.py, over the words of the whole row, among
rows that differ in their text only and have the same pictures, tools and labels. What was seen lies in
temporary SQLite databases, each in memory up to CACHE_KIB and on disk beyond: memory stays flat.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, BinaryIO, NamedTuple
from zlib import crc32

from atelier.datasets.leakage.similarity import Sketch, normalised, shingles, similarity, sketch, words
from atelier.datasets.transform.identity import identity
from atelier.datasets.transform.row_content import row_content
from atelier.datasets.transform.rows import lines, row

CACHE_KIB = 32 * 1024
# Neighbours in a run, and runs of a row.
RUN = 3
RUNS = 24
# Compared with one row: there are more only where thousands of rows differ by a few words.
MOST_CANDIDATES = 100


_SIMILAR = """SELECT line, sketch FROM kept WHERE beside = ? AND line IN (
    SELECT DISTINCT line FROM holding WHERE run IN ({}) LIMIT ?)"""


class By(StrEnum):
    """What makes two rows duplicates."""

    ROW = "row"
    QUESTION = "question"


class Dropped(NamedTuple):
    """A duplicate, the row kept instead, and their similarity (1: the same)."""

    line: int
    kept: int
    similarity: float


@dataclass
class DedupResult:
    """How many rows there were, and how many were left out as the same and as alike."""

    rows: int = 0
    same: int = 0
    alike: int = 0


def dedup(
    stream: BinaryIO,
    out: Callable[[bytes], object],
    *,
    by: By = By.ROW,
    near: float | None = None,
    sink: Callable[[Dropped], object] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> DedupResult:
    """Give `out` every line that duplicates none before it; `sink` gets the others.

    `near` is the similarity from which rows are alike; None: only the same are duplicates.
    InvalidDataset at a line that is no row.
    """
    result = DedupResult()
    same, alike = _Same(), _Alike(near) if near is not None else None
    for line in lines(stream, on_progress):
        result.rows += 1
        compared = _compared(row(line), by, beside=near is not None)
        kept = same.find_or_add(compared.whole, line.number)
        dropped = Dropped(line.number, kept, 1.0) if kept else None
        result.same += dropped is not None
        if alike and not dropped:
            dropped = alike.find_or_add(compared.text, compared.beside, line.number)
            result.alike += dropped is not None
        if not dropped:
            out(line.data + b"\n")
        elif sink:
            sink(dropped)
    return result


class _Compared(NamedTuple):
    """Comparison keys: full identity, text compared fuzzily, remainder compared exactly."""

    whole: str
    text: str = ""
    beside: str = ""


def _compared(row: dict[str, Any], by: By, *, beside: bool) -> _Compared:
    """The comparison keys of a row; a row without a question is compared as a whole."""
    if by is By.QUESTION:
        parts = row_content(row)
        question = normalised(parts.question)
        if question or parts.media:
            return _Compared(question + parts.media, question, parts.media)
    if not beside:
        return _Compared(identity(row))
    utterances = row_content(row).utterances
    text = " ".join(f"{part.role} {part.tool} {normalised(part.text)}" for part in utterances)
    return _Compared(identity(row), text, identity(row, {part.text for part in utterances}))


class _Same:
    """Lines by digest of their comparison key."""

    def __init__(self) -> None:
        self._database = _database("CREATE TABLE seen (digest BLOB PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def find_or_add(self, text: str, line: int) -> int | None:
        """The line that holds the same; None when this is the first one that does."""
        digest = _digest(text)
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, line))
        if added.rowcount:
            return None
        found: int = self._database.execute("SELECT line FROM seen WHERE digest = ?", (digest,)).fetchone()[0]
        return found


class _Alike:
    """Sketches of the lines that were kept, by runs of neighbours among their lowest hashes.

    A hash alone is shared by all rows of a template, a run hardly by two rows that are not alike.
    It is a sieve: a pair could slip through, of thousands that are alike by 0.8 or more none did.
    """

    def __init__(self, near: float) -> None:
        self._near = near
        self._database = _database(
            "CREATE TABLE kept (line INTEGER PRIMARY KEY, beside BLOB, sketch BLOB)",
            "CREATE TABLE holding (run INTEGER, line INTEGER, PRIMARY KEY (run, line)) WITHOUT ROWID",
        )

    def find_or_add(self, text: str, beside: str, line: int) -> Dropped | None:
        """The line that is most alike among those kept with the same `beside` the text.

        None, and this one is kept, when none is alike enough.
        """
        values = sketch(shingles(words(text)))
        others = _digest(beside)
        runs = _runs(values, crc32(others))
        alike, kept = max(self._similar(values, others, runs), default=(0.0, 0))
        if alike >= self._near:
            return Dropped(line, -kept, alike)
        self._database.execute(
            "INSERT INTO kept VALUES (?, ?, ?)", (line, others, array("I", values).tobytes())
        )
        self._database.executemany("INSERT INTO holding VALUES (?, ?)", ((run, line) for run in runs))
        return None

    def _similar(self, values: Sketch, beside: bytes, runs: list[int]) -> Iterator[tuple[float, int]]:
        """(similarity, minus the line): of lines as alike as each other the first is the greatest."""
        found = _SIMILAR.format(", ".join("?" * len(runs)))
        known = set(values)
        for line, packed in self._database.execute(found, (beside, *runs, MOST_CANDIDATES)):
            other = tuple(array("I", packed))
            if len(known.intersection(other)) >= self._near * max(len(values), len(other)):
                yield similarity(values, other), -line


def _runs(values: Sketch, seed: int) -> list[int]:
    """A hash for each run of neighbours among the lowest values; one of all of them where they are few."""
    lowest = array("I", values[: RUNS + RUN - 1])
    starts = range(max(1, len(lowest) - RUN + 1))
    return list(dict.fromkeys(crc32(lowest[start : start + RUN], seed) for start in starts))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _database(*tables: str) -> sqlite3.Connection:
    """A temporary SQLite database, deleted when it is closed; pages beyond the cache go to disk."""
    database = sqlite3.connect("", isolation_level=None)
    database.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    for table in tables:
        database.execute(table)
    database.execute("BEGIN")
    return database
