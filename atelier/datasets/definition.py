"""The definition of a format, and the registry that every format's module adds its own to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args, runtime_checkable

from atelier.datasets.lines.blocks import Block
from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.finding import Rule, Violation
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.shapes.dialogue import Dialogue

NO_FEATURES: Features = frozenset()
Use = Literal["training", "evaluation", "open weights"]


class FastPath(Protocol):
    """A shortcut that may only accept a line.

    It returns the row's features only where `validate` would find nothing in it, and the same ones as
    `features` would; None in every other case, and in doubt: then the row is parsed and validated.
    """

    def __call__(self, line: bytes) -> Features | None: ...


@runtime_checkable
class BlockFastPath(FastPath, Protocol):
    """A fast path that is faster on many lines at once."""

    def block(self, block: Block) -> Sequence[Features | None]:
        """The result of each line."""


def no_features(_sample: dict[str, Any]) -> Features:
    """The features of a format without rules across samples."""
    return NO_FEATURES


def nothing_across(_feature_counts: FeatureCounts, _requirements: Requirements) -> Iterable[Violation]:
    """The violations of a format without rules across samples."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One format: its rules for one sample and across samples, and how a sample is written.

    `validate` is authoritative: every violation of one sample, in a fixed order. `requirements` are those
    of AWS's guides, whatever recipe reads the file; recipes and platforms add their own. `write` makes a
    sample of a dialogue (None: `atelier data convert` cannot make this format); `answers` is how many answers
    of a pair the sample holds. `purpose` and `row` describe the format in docs/datasets.md.
    """

    name: str
    use: Use
    purpose: str
    row: str
    rules: tuple[Rule, ...]
    validate: Callable[[dict[str, Any], Requirements], Iterable[Violation]]
    features: Callable[[dict[str, Any]], Features] = no_features
    across: Callable[[FeatureCounts, Requirements], Iterable[Violation]] = nothing_across
    fast_path: Callable[[Requirements], FastPath] | None = None
    requirements: Requirements = field(default_factory=Requirements)
    write: Callable[[Dialogue], dict[str, Any]] | None = None
    answers: int = 1


_REGISTERED: dict[str, Definition] = {}


def register(definition: Definition) -> Definition:
    """Add a format. ValueError for a name that is taken."""
    if definition.name in _REGISTERED:
        raise ValueError(f"{definition.name!r}: two formats have this name; give one another name")
    _REGISTERED[definition.name] = definition
    return definition


def registered() -> list[Definition]:
    """Every format: by use, and by name within one."""
    uses = get_args(Use)
    return sorted(_REGISTERED.values(), key=lambda definition: (uses.index(definition.use), definition.name))
