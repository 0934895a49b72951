"""What is wrong with one sample."""

from __future__ import annotations

from typing import Any, NamedTuple

from atelier.datasets.rules.rule import Rule

_LONGEST_VALUE = 60


class Violation(NamedTuple):
    """A broken rule; `at` is a path in the sample, such as `messages[3].content[0].text`; "" is the line."""

    rule: Rule
    at: str
    found: str
    accepted: str


def shown(value: Any) -> str:
    """A value, cut short: a dataset may be confidential and messages are logged."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
