"""What a check of a dataset found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

FINDINGS_KEPT = 10


@dataclass(frozen=True)
class Finding:
    """One thing wrong. `line` counts from 1; 0 is the file as a whole."""

    line: int
    rule: str
    found: str
    accepted: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "file"
        return f"{where}, {self.rule}: found {self.found}; accepted: {self.accepted}"


@dataclass
class Report:
    """The result for one file. Only the first findings are kept; `total` counts them all."""

    rows: int = 0
    bytes: int = 0
    total: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it when it is among the first."""
        self.total += 1
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)

    @property
    def is_valid(self) -> bool:
        """True when nothing was found."""
        return self.total == 0


def summary(reports: Sequence[tuple[str, Report]]) -> str:
    """One message for several files: the first findings over all, and how many there are."""
    total = sum(report.total for _, report in reports)
    lines = [f"- {file}, {finding}" for file, report in reports for finding in report.findings]
    shown = lines[:FINDINGS_KEPT]
    more = [f"- and {total - len(shown)} more"] if total > len(shown) else []
    return "\n".join([f"datasets: {total} finding{'s' if total > 1 else ''}", *shown, *more])
