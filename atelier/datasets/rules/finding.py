"""Rules and their violations: in one sample, and as a finding at a place in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Severity = Literal["refuse", "warn"]
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Rule:
    """A named requirement on a dataset, a constant beside the code that checks it.

    `name` is kebab-case and unique, `requirement` one sentence, `source` the document that states it.
    """

    name: str
    requirement: str
    source: str
    severity: Severity = "refuse"


class Violation(NamedTuple):
    """A broken rule; `at` is a path in the sample, such as `messages[3].content[0].text`; "" is the line."""

    rule: Rule
    at: str
    found: str
    accepted: str


def shown(value: Any) -> str:
    """A value, cut short: a dataset may be confidential, and messages are logged."""
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


class Finding(NamedTuple):
    """A violation and its place: `line` counts from 1, `offset` is the byte at which that line begins.

    Line 0 is the file as a whole.
    """

    file: str
    line: int
    offset: int
    rule: str
    at: str
    found: str
    accepted: str
    severity: Severity

    @classmethod
    def of(cls, violation: Violation, *, file: str, line: int = 0, offset: int = 0) -> Finding:
        """The finding of a violation at a place in a file."""
        rule, at, found, accepted = violation
        return cls(file, line, offset, rule.name, at, found, accepted, rule.severity)

    def moved(self, lines: int) -> Finding:
        """The same finding in a file that has `lines` more lines before it."""
        return self._replace(line=self.line + lines)

    def to_json(self) -> dict[str, Any]:
        """One line of findings.jsonl."""
        return self._asdict()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Finding:
        """The finding that `to_json` wrote."""
        return cls(**document)

    def __str__(self) -> str:
        line = f"line {self.line:,} (byte {self.offset:,})" if self.line else "file"
        where = ", ".join(filter(None, (self.file, line, self.at)))
        return f"{where}: found {self.found}; accepted: {self.accepted} ({self.rule})"
