"""Counts of optional features of samples, so that rules across samples need no second pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Features = frozenset[str]


class FeatureCounts:
    """Samples by the set of features they have (`toolConfig`, `image`, …), each set with its first line.

    Few sets occur in a file, so this is small; it adds up the same in whatever order parts are merged.
    """

    def __init__(self) -> None:
        self._seen: dict[Features, tuple[int, int]] = {}

    def add(self, features: Features, line: int, samples: int = 1) -> None:
        """Samples with exactly these features, the first of them at `line`."""
        count, first = self._seen.get(features, (0, line))
        self._seen[features] = (count + samples, min(first, line))

    def add_all(self, other: FeatureCounts, lines: int) -> None:
        """Add the counts of a part that begins after so many lines."""
        for features, (count, first) in other._seen.items():
            self.add(features, first + lines, count)

    @property
    def samples(self) -> int:
        """Samples counted: rows that are JSON objects."""
        return sum(count for count, _ in self._seen.values())

    @property
    def features(self) -> list[str]:
        """Every feature that some sample has, sorted."""
        return sorted(frozenset().union(*self._seen))

    def having(self, feature: str) -> int:
        """Samples that have the feature."""
        return sum(count for features, (count, _) in self._seen.items() if feature in features)

    def first_with(self, feature: str) -> int | None:
        """Line of the first sample that has the feature."""
        return min(self._lines(feature, present=True), default=None)

    def first_without(self, feature: str) -> int | None:
        """Line of the first sample that lacks the feature."""
        return min(self._lines(feature, present=False), default=None)

    def _lines(self, feature: str, *, present: bool) -> Iterator[int]:
        return (first for features, (_, first) in self._seen.items() if (feature in features) is present)

    def to_json(self) -> list[dict[str, Any]]:
        """[{traits, samples, first_line}] in a fixed order: stored parts call features traits."""
        return sorted(
            (
                {"traits": sorted(features), "samples": count, "first_line": first}
                for features, (count, first) in self._seen.items()
            ),
            key=lambda entry: entry["traits"],
        )

    @classmethod
    def from_json(cls, document: Iterable[dict[str, Any]]) -> FeatureCounts:
        """The counts that `to_json` wrote."""
        feature_counts = cls()
        for entry in document:
            feature_counts.add(frozenset(entry["traits"]), entry["first_line"], entry["samples"])
        return feature_counts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureCounts) and self._seen == other._seen
