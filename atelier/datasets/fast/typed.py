"""Rows decoded straight into types: what does not fit them needs a closer look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from atelier.datasets.tally import Traits

Row = TypeVar("Row")

# What the decoder raises: its own errors, and those of UTF-8 and of nesting.
UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# Values of any type may be nested; the line reader refuses what is deeper than this and more.
MOST_LEVELS = 50


class TypedAcceptor(Generic[Row]):
    """Says clean of a line that decodes as a type and of which `traits` is sure."""

    def __init__(self, row: type[Row], traits: Callable[[Row], Traits | None]) -> None:
        self._decode = msgspec.json.Decoder(row).decode
        self._traits = traits

    def __call__(self, line: bytes) -> Traits | None:
        try:
            row = self._decode(line)
        except UNDECODABLE:
            return None
        return self._traits(row)


def is_shallow(value: Any) -> bool:
    """Whether a decoded value is nested so little that nothing which reads it will mind."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return True
    return False


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value
