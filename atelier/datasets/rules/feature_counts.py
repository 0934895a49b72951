"""Which optional things samples have, counted so that rules across samples need no second pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Features = frozenset[str]


class FeatureCounts:
    """Samples by the set of traits they have (`toolConfig`, `image`, …), each set with its first line.

    Few sets occur in a file, so this is small; it adds up the same in whatever order parts are merged.
    """

    def __init__(self) -> None:
        self._seen: dict[Features, tuple[int, int]] = {}

    def add(self, features: Features, line: int, samples: int = 1) -> None:
        """Samples with just these traits, the first of them at `line`."""
        count, first = self._seen.get(features, (0, line))
        self._seen[features] = (count + samples, min(first, line))

    def add_all(self, other: FeatureCounts, lines: int) -> None:
        """What was counted in a part that begins after so many lines."""
        for features, (count, first) in other._seen.items():
            self.add(features, first + lines, count)

    @property
    def samples(self) -> int:
        """Samples counted: rows that are JSON objects."""
        return sum(count for count, _ in self._seen.values())

    @property
    def features(self) -> list[str]:
        """Every trait that some sample has, sorted."""
        return sorted(frozenset().union(*self._seen))

    def having(self, trait: str) -> int:
        """Samples that have the trait."""
        return sum(count for features, (count, _) in self._seen.items() if trait in features)

    def first_with(self, trait: str) -> int | None:
        """Line of the first sample that has the trait."""
        return min(self._lines(trait, present=True), default=None)

    def first_without(self, trait: str) -> int | None:
        """Line of the first sample that lacks the trait."""
        return min(self._lines(trait, present=False), default=None)

    def _lines(self, trait: str, *, present: bool) -> Iterator[int]:
        return (first for features, (_, first) in self._seen.items() if (trait in features) is present)

    def to_json(self) -> list[dict[str, Any]]:
        """[{traits, samples, first_line}], in a fixed order."""
        return sorted(
            (
                {"traits": sorted(features), "samples": count, "first_line": first}
                for features, (count, first) in self._seen.items()
            ),
            key=lambda entry: entry["traits"],
        )

    @classmethod
    def from_json(cls, document: Iterable[dict[str, Any]]) -> FeatureCounts:
        """Back from `to_json`."""
        feature_counts = cls()
        for entry in document:
            feature_counts.add(frozenset(entry["traits"]), entry["first_line"], entry["samples"])
        return feature_counts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureCounts) and self._seen == other._seen
