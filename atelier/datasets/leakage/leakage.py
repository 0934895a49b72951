"""Leakage: training rows that ask the questions of an evaluation, which makes its score meaningless.

An evaluation file becomes fingerprints, small enough to hand to every function that reads a part of the
training file. A question that is the same but for case, spaces and its last stop is refused; one that is
alike (similarity.py) is a warning, because templated data ("Where is order C-373?") is alike by nature.
"""

from __future__ import annotations

import math
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any

from atelier.datasets.formats.registry import Format
from atelier.datasets.leakage.questions import questions
from atelier.datasets.leakage.similarity import (
    SKETCH_SIZE,
    WORDS_IN_SHINGLE,
    Sketch,
    normalised,
    shingles,
    similarity,
    sketch,
    words,
)
from atelier.datasets.rules.finding import Rule, Violation, shown

ALIKE = 0.8
# Looked at for one training row: more share rare words only where an evaluation is made from one template.
MOST_CANDIDATES = 100

LEAK_EXACT = Rule(
    "leak-exact",
    "No training row asks what an evaluation asks, letter for letter but for case, spaces and the last stop.",
    "Atelier: a model may not be scored on what it was trained on",
)
LEAK_NEAR = Rule(
    "leak-near",
    f"No training row asks nearly what an evaluation asks: {ALIKE:.0%} of the word triples of both.",
    "Atelier: what is alike may be a copy with other words, or only made from the same template",
    "warn",
)
LEAKAGE_RULES = (LEAK_EXACT, LEAK_NEAR)


@dataclass
class Fingerprints:
    """The questions of an evaluation: `lines` by digest of a question, and a sketch of each.

    About 400 bytes a question as JSON, at most 15 kB in a watcher's memory.
    """

    lines: dict[str, int] = field(default_factory=dict)
    sketches: list[tuple[int, Sketch]] = field(default_factory=list)

    @classmethod
    def of(cls, lines: Iterable[bytes], format: Format) -> Fingerprints:  # noqa: A002 - the field's word
        """From the rows of an evaluation file: of a longer conversation, its last question."""
        fingerprints = cls()
        for number, line in enumerate(lines, 1):
            found = questions(line, format)
            if found:
                fingerprints._add(number, normalised(found[-1].text))
        return fingerprints

    def _add(self, number: int, text: str) -> None:
        if self.lines.setdefault(_digest(text), number) == number:
            self.sketches.append((number, sketch(shingles(words(text)))))

    def to_json(self) -> dict[str, Any]:
        """JSON for another function."""
        return {
            "lines": self.lines,
            "sketches": [
                [line, b64encode(array("I", values).tobytes()).decode()] for line, values in self.sketches
            ],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Fingerprints:
        """The fingerprints that `to_json` wrote."""
        sketches = [(line, tuple(array("I", b64decode(values)))) for line, values in document["sketches"]]
        return cls(dict(document["lines"]), sketches)


class LeakageObserver:
    """An observer of the scan of a training file. Its result for a row depends on that row alone."""

    def __init__(self, fingerprints: Fingerprints, format: Format, evaluation_file: str) -> None:  # noqa: A002
        self._format = format
        self._file = evaluation_file
        self._lines = fingerprints.lines
        self._sketches = fingerprints.sketches
        self._having: dict[int, list[int]] = {}
        for index, (_, values) in enumerate(self._sketches):
            for value in values:
                self._having.setdefault(value, []).append(index)

    def on_row(self, line: bytes, number: int, offset: int) -> Iterator[Violation]:  # noqa: ARG002
        """Violations of one training row. A short text ("Yes.") only counts where a conversation begins."""
        for index, (at, question) in enumerate(questions(line, self._format)):
            text = normalised(question)
            split = words(text)
            if index and len(split) < WORDS_IN_SHINGLE:
                continue
            same = self._lines.get(_digest(text))
            if same is not None:
                found = f"{shown(question)}, as line {same} of {self._file}"
                yield Violation(LEAK_EXACT, at, found, "a question that no evaluation asks")
            elif (near := self._alike(shingles(split))) is not None:
                alike, like = near
                found = f"{shown(question)}, {alike:.0%} like line {like} of {self._file}"
                yield Violation(LEAK_NEAR, at, found, f"less than {ALIKE:.0%}")

    def _alike(self, hashes: set[int]) -> tuple[float, int] | None:
        """(similarity, line) of a similar question, or None."""
        if len(self._having.keys() & hashes) < _needed(min(len(hashes), SKETCH_SIZE)):
            return None
        values = sketch(hashes)
        for index in islice(self._candidates(values), MOST_CANDIDATES):
            line, other = self._sketches[index]
            if (alike := similarity(values, other)) >= ALIKE:
                return alike, line
        return None

    def _candidates(self, values: Sketch) -> Iterator[int]:
        """Questions that may be similar, those that share the rarest words first.

        A similar question shares at least `needed` of the row's hashes. So it has at least one of any known
        hashes of which fewer than `needed` are left out: the most common ones are.
        """
        known = sorted((value for value in values if value in self._having), key=self._how_common)
        seen: set[int] = set()
        for value in known[: max(0, len(known) - _needed(len(values)) + 1)]:
            for index in self._having[value]:
                if index not in seen:
                    seen.add(index)
                    yield index

    def _how_common(self, value: int) -> tuple[int, int]:
        return len(self._having[value]), value


def _needed(size: int) -> int:
    """The number of hashes that a similar sketch shares with one of this size."""
    return math.ceil(ALIKE * size)


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
