"""What a format is: its rules for one sample, its rules across samples, and a fast way to say clean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Violation
from atelier.datasets.scan.blocks import Block

NO_FEATURES: Features = frozenset()


class FastPath(Protocol):
    """A shortcut that may only say "clean".

    It gives the row's traits only where `explain` would find nothing in it, and the same as `traits` would;
    anything else, and anything it is not sure of, is None: then the row is parsed and explained.
    """

    def __call__(self, line: bytes) -> Features | None: ...


@runtime_checkable
class BlockFastPath(FastPath, Protocol):
    """An acceptor that is faster when it sees many lines at once."""

    def block(self, block: Block) -> Sequence[Features | None]:
        """One verdict a line."""


def no_features(_sample: dict[str, Any]) -> Features:
    """For a format without rules across samples."""
    return NO_FEATURES


def nothing_across(_tally: FeatureCounts, _requirements: Requirements) -> Iterable[Violation]:
    """For a format without rules across samples."""
    return ()


@dataclass(frozen=True)
class Definition:
    """One format. `explain` is the truth: every fault of one sample, in an order that never changes."""

    rules: tuple[Rule, ...]
    validate: Callable[[dict[str, Any], Requirements], Iterable[Violation]]
    features: Callable[[dict[str, Any]], Features] = no_features
    across: Callable[[FeatureCounts, Requirements], Iterable[Violation]] = nothing_across
    fast_path: Callable[[Requirements], FastPath] | None = None
