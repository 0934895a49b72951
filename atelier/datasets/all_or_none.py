"""Optional keys that a training container wants in all samples of a file or in none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atelier.datasets.fault import Fault
from atelier.datasets.rule import Rule
from atelier.datasets.tally import Tally

ALL_OR_NONE = Rule(
    "all-or-none",
    "An optional key is in all samples of a file or in none.",
    "Amazon Nova user guide, Preparing data for fine-tuning",
)


def all_or_none(tally: Tally, keys: Iterable[str]) -> Iterator[Fault]:
    """One fault a key that some samples have and others lack."""
    for key in keys:
        having = tally.having(key)
        if 0 < having < tally.samples:
            without = f"first without at line {tally.first_without(key):,}"
            found = f"in {having:,} of {tally.samples:,} rows; {without}"
            yield Fault(ALL_OR_NONE, key, found, "in all rows or in none")
