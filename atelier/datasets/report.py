"""What a check of a dataset found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from atelier.datasets.lines.part import FINDINGS_KEPT
from atelier.datasets.rules.finding import Finding

FINDINGS_SHOWN = 10


@dataclass
class Report:
    """The result for one file. The first findings are kept; `counts` has all of them by rule."""

    file: str = ""
    rows: int = 0
    bytes: int = 0
    refused: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it when it is among the first."""
        self.counts[finding.rule] += 1
        self.refused += finding.severity == "refuse"
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)

    @property
    def total(self) -> int:
        """Findings, those that are only counted included."""
        return self.counts.total()

    @property
    def is_valid(self) -> bool:
        """True when nothing was found that refuses the file; warnings do not."""
        return self.refused == 0

    def summary(self) -> str:
        """One message: the first findings, and how many there are."""
        return summary([self])

    def to_json(self) -> dict[str, Any]:
        """For a summary.json."""
        return {
            **{name: getattr(self, name) for name in ("file", "rows", "bytes", "refused")},
            "counts": dict(sorted(self.counts.items())),
            "findings": [finding.to_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Report:
        """Back from `to_json`."""
        return cls(
            **{
                **document,
                "counts": Counter(document["counts"]),
                "findings": [Finding.from_json(finding) for finding in document["findings"]],
            }
        )


def summary(reports: Sequence[Report]) -> str:
    """One message for several files: the first findings over all, and how many there are."""
    total = sum(report.total for report in reports)
    lines = [f"- {finding}" for report in reports for finding in report.findings[:FINDINGS_SHOWN]]
    shown = lines[:FINDINGS_SHOWN]
    more = [f"- and {total - len(shown):,} more"] if total > len(shown) else []
    return "\n".join([f"datasets: {total:,} finding{'' if total == 1 else 's'}", *shown, *more])
