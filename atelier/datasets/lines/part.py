"""What a scan found in one part of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier.datasets.rules.feature_counts import FeatureCounts
from atelier.datasets.rules.finding import Finding

FINDINGS_KEPT = 10_000


@dataclass
class Part:
    """The lines whose first byte is in [start, end).

    Lines count from 1 within the part, offsets from 0 within the file. `rows` are lines that are not
    blank. Only the first findings are kept, `counts` (by rule) has them all.
    """

    file: str = ""
    start: int = 0
    lines: int = 0
    rows: int = 0
    bytes: int = 0
    refused: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    feature_counts: FeatureCounts = field(default_factory=FeatureCounts)

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it when it is among the first."""
        self.counts[finding.rule] += 1
        self.refused += finding.severity == "refuse"
        if len(self.findings) < FINDINGS_KEPT:
            self.findings.append(finding)

    def to_json(self) -> dict[str, Any]:
        """What a function that scanned a part hands to the one that merges."""
        return {
            **{name: getattr(self, name) for name in ("file", "start", "lines", "rows", "bytes", "refused")},
            "counts": dict(sorted(self.counts.items())),
            "findings": [finding.to_json() for finding in self.findings],
            "feature_counts": self.feature_counts.to_json(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Part:
        """The part that `to_json` wrote; older parts call the feature counts `tally`."""
        numbers = {name: document[name] for name in ("file", "start", "lines", "rows", "bytes", "refused")}
        return cls(
            **numbers,
            counts=Counter(document["counts"]),
            findings=[Finding.from_json(finding) for finding in document["findings"]],
            feature_counts=FeatureCounts.from_json(document.get("feature_counts", document.get("tally", {}))),
        )
