"""A file in figures: rows, turns, lengths, roles and tools, counted in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from atelier.datasets.transform.row_content import row_content
from atelier.datasets.transform.rows import lines, row

# English text in the tokenizers of the day; a row of code or of another script has more tokens than that.
CHARACTERS_A_TOKEN = 4
NO_TOOL = "(no tool)"


class Bin(NamedTuple):
    """Values from `low` up to and including `high`, and how many there are."""

    low: int
    high: int
    values: int


@dataclass
class Distribution:
    """Whole numbers by how often they occur: as many entries as there are different values."""

    counts: Counter[int] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Sum of all values."""
        return sum(value * count for value, count in self.counts.items())

    def quantile(self, share: float) -> int:
        """The smallest value that at least this share of all does not exceed; 0 when there are none."""
        values = sorted(self.counts)
        needed = share * self.counts.total()
        seen = 0
        for value in values:
            seen += self.counts[value]
            if seen >= needed:
                return value
        return 0

    def bins(self, most: int) -> list[Bin]:
        """At most so many bins of one width, from 0 or the least value on: round numbers, easy to read."""
        if not self.counts:
            return []
        low, high = min(self.counts), max(self.counts)
        width = next(width for width in _round_widths() if high // width - low // width < most)
        filled: Counter[int] = Counter()
        for value, count in self.counts.items():
            filled[value // width] += count
        return [
            Bin(index * width, (index + 1) * width - 1, filled[index])
            for index in range(low // width, high // width + 1)
        ]


def _round_widths() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10


@dataclass
class Stats:
    """Statistics of a file. `tools` counts rows by the tools that they call, a row once for each.

    `definitions` counts characters of the tools' definitions in all rows, `characters` those of all texts.
    """

    rows: int = 0
    bytes: int = 0
    turns: Distribution = field(default_factory=Distribution)
    characters: Distribution = field(default_factory=Distribution)
    words: Distribution = field(default_factory=Distribution)
    definitions: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    tools: Counter[str] = field(default_factory=Counter)

    @property
    def tokens(self) -> int:
        """Roughly how many tokens all rows have, definitions included, by CHARACTERS_A_TOKEN."""
        return (self.characters.total + self.definitions) // CHARACTERS_A_TOKEN


def stats(stream: BinaryIO, on_progress: Callable[[int], None] | None = None) -> Stats:
    """Count a file of any layout. InvalidDataset at a line that is no row."""
    counted = Stats()
    for line in lines(stream, on_progress):
        parts = row_content(row(line))
        counted.rows += 1
        counted.bytes += len(line.data) + 1
        counted.definitions += parts.definitions
        counted.turns.counts[parts.turns] += 1
        counted.characters.counts[parts.characters] += 1
        counted.words.counts[sum(len(utterance.text.split()) for utterance in parts.utterances)] += 1
        counted.roles.update(utterance.role for utterance in parts.utterances)
        counted.tools.update(
            {utterance.tool for utterance in parts.utterances if utterance.tool} or {NO_TOOL}
        )
    return counted
