"""What a format is: its rules for one sample, its rules across samples, and a fast way to say clean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from atelier.datasets.rules.feature_counts import Tally, Traits
from atelier.datasets.rules.requirements import Demands
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Fault
from atelier.datasets.scan.blocks import Block

NO_TRAITS: Traits = frozenset()


class Acceptor(Protocol):
    """A shortcut that may only say "clean".

    It gives the row's traits only where `explain` would find nothing in it, and the same as `traits` would;
    anything else, and anything it is not sure of, is None: then the row is parsed and explained.
    """

    def __call__(self, line: bytes) -> Traits | None: ...


@runtime_checkable
class BlockAcceptor(Acceptor, Protocol):
    """An acceptor that is faster when it sees many lines at once."""

    def block(self, block: Block) -> Sequence[Traits | None]:
        """One verdict a line."""


def no_traits(_sample: dict[str, Any]) -> Traits:
    """For a format without rules across samples."""
    return NO_TRAITS


def nothing_across(_tally: Tally, _demands: Demands) -> Iterable[Fault]:
    """For a format without rules across samples."""
    return ()


@dataclass(frozen=True)
class Definition:
    """One format. `explain` is the truth: every fault of one sample, in an order that never changes."""

    rules: tuple[Rule, ...]
    explain: Callable[[dict[str, Any], Demands], Iterable[Fault]]
    traits: Callable[[dict[str, Any]], Traits] = no_traits
    across: Callable[[Tally, Demands], Iterable[Fault]] = nothing_across
    acceptor: Callable[[Demands], Acceptor] | None = None
