"""The names of a row's columns, and the handling of those that no layout reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier.datasets.rules.finding import Rule, Violation
from atelier.datasets.shapes.dialogue import Unconvertible, required_text

Row = Mapping[str, Any]

PLACED = Rule(
    "column-placed",
    "Every column of a row has a place in the sample, or is named to be left out.",
    "atelier data convert",
)
_PLACES = (
    "--context COLUMN puts one before the question, --system-column COLUMN into the system text, "
    "--drop COLUMN leaves it out"
)

CONTEXT = "context"
_LONGEST_LABEL = 64
# They number a row or file it under a heading, and say nothing that its answer could rest on. An id of what
# a row is about (order_id, db_id) is none of them.
_METADATA = frozenset(
    {
        *("id", "_id", "uuid", "guid", "idx", "index", "__index_level_0__"),
        *("row_id", "question_id", "prompt_id", "example_id", "sample_id", "conversation_id"),
        *("category", "difficulty", "split"),
    }
)


@dataclass(frozen=True)
class Columns:
    """What a file calls its columns; None: one of the names that are usual.

    `context` columns go before the question in this order, `drop` columns are left out.
    """

    query: str | None = None
    response: str | None = None
    system: str | None = None
    chosen: str | None = None
    rejected: str | None = None
    context: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()

    def of(self, role: str, row: Row, usual: Sequence[str]) -> str:
        """The row's name for a column; the first usual one where the row has none of them.

        Unconvertible where several could be it.
        """
        named: str | None = getattr(self, role)
        if named:
            return named
        filled = [name for name in usual if not is_empty(row.get(name))]
        if len(filled) > 1:
            raise Unconvertible(
                " and ".join(filled),
                f"{len(filled)} columns that can be the {role}",
                f"--{role} COLUMN to name the one, and --context COLUMN or --drop COLUMN for another",
            )
        return next(iter(filled), None) or next((name for name in usual if name in row), usual[0])

    def has(self, role: str, row: Row, usual: Sequence[str]) -> bool:
        """Whether the row has the column, by its given name or else by a usual one."""
        named: str | None = getattr(self, role)
        return any(name in row for name in ([named] if named else usual))

    def contexts(self, *, is_usual: bool) -> tuple[str, ...]:
        """The columns that go before the question; `context` where it is usual and nothing else is named."""
        named = {self.query, self.response, self.system, self.chosen, self.rejected, *self.drop}
        return self.context or ((CONTEXT,) if is_usual and CONTEXT not in named else ())


USUAL = Columns()


def without(row: Row, names: Sequence[str]) -> dict[str, Any]:
    """The row's other columns."""
    return {name: value for name, value in row.items() if name not in names}


def context_text(value: Any, at: str) -> str:
    """A text, or texts one after the other."""
    if not isinstance(value, list):
        return required_text(value, at)
    return "\n\n".join(required_text(text, f"{at}[{index}]") for index, text in enumerate(value))


def is_empty(value: Any) -> bool:
    """Whether a column is empty in this row: null, blank, [] or {}."""
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def unread(row: Row, read: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Columns that are not empty and were not read."""
    return ((name, value) for name, value in row.items() if name not in read and not is_empty(value))


def unplaced(counts: Mapping[str, int]) -> Violation:
    """One violation for all columns without a place, with how many rows have each."""
    rows = ", ".join(f"{name!r} in {count:,} row{'s'[: count > 1]}" for name, count in counts.items())
    return Violation(PLACED, ", ".join(counts), f"columns with no place in a sample: {rows}", _PLACES)


def is_metadata(name: str, value: Any) -> bool:
    """Whether a column can only number the row or file it under a heading."""
    is_label = isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _LONGEST_LABEL)
    return name.lower() in _METADATA and is_label
