"""What is wrong with one sample."""

from __future__ import annotations

from typing import Any, NamedTuple

_LONGEST_VALUE = 60


class Fault(NamedTuple):
    """A broken rule: its name, what is there, what is accepted."""

    rule: str
    found: str
    accepted: str


def shown(value: Any) -> str:
    """A value, cut short: a dataset may be confidential and messages are logged."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
