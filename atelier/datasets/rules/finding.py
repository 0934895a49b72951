"""A broken rule and the place in the file where it is broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from atelier.datasets.rules.rule import Severity
from atelier.datasets.rules.violation import Violation


class Finding(NamedTuple):
    """`line` counts from 1, `offset` is the byte at which that line begins; line 0 is the file as a whole."""

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
        """The fault, placed."""
        rule, at, found, accepted = violation
        return cls(file, line, offset, rule.name, at, found, accepted, rule.severity)

    def moved(self, lines: int) -> Finding:
        """The same finding in a file that has so many lines before the part it was found in."""
        return self._replace(line=self.line + lines)

    def to_json(self) -> dict[str, Any]:
        """What a line of findings.jsonl holds."""
        return self._asdict()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Finding:
        """Back from `to_json`."""
        return cls(**document)

    def __str__(self) -> str:
        line = f"line {self.line:,} (byte {self.offset:,})" if self.line else "file"
        where = ", ".join(filter(None, (self.file, line, self.at)))
        return f"{where}: found {self.found}; accepted: {self.accepted} ({self.rule})"
