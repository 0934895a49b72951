"""The results of a run's dataset checks: the refusal with its first findings, and summary.json."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from atelier.datasets.check import ALL_RULES
from atelier.datasets.leakage.leakage import LEAKAGE_RULES
from atelier.datasets.leakage.sources import LEAKAGE_UNCHECKED, MOST_QUESTIONS
from atelier.datasets.lines.part import Part
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Finding, Rule, Violation
from atelier.datasets.run_check.run_datasets import Dataset
from atelier.datasets.scan.merge import merge
from atelier.errors import InvalidDataset

SUMMARY_SCHEMA = "atelier.validation/1"
# Step Functions cuts a cause at 32,768 characters.
FILES_TOLD = 10
FINDINGS_TOLD = 5
FINDINGS_SUMMARISED = 20

EXISTS = Rule("exists", "A dataset that a run names was uploaded.", "a job reads it")
RUN_RULES = (EXISTS, LEAKAGE_UNCHECKED, *LEAKAGE_RULES)

_SEVERITIES = {rule.name: rule.severity for rule in (*ALL_RULES, *RUN_RULES)}


def report_of(dataset: Dataset, parts: Sequence[Part] | None) -> Report:
    """The report of a file from all its parts; None for a missing file."""
    if parts is None:
        report = Report(file=dataset.label)
        violation = Violation(EXISTS, "", f"no object {dataset.uri}", "an object that was uploaded")
        report.add(Finding.of(violation, file=dataset.label))
        return report
    report = merge(parts, dataset.format, dataset.requirements)
    if dataset.is_evaluation and report.rows > MOST_QUESTIONS:
        violation = Violation(
            LEAKAGE_UNCHECKED, "", f"{report.rows:,} rows", f"{MOST_QUESTIONS:,} that are compared"
        )
        report.add(Finding.of(violation, file=dataset.label))
    return report


def raise_if_invalid(reports: Sequence[Report], uris: Sequence[str | None]) -> None:
    """InvalidDataset with the first findings of each file that breaks a refusing rule."""
    refused = [(report, uri) for report, uri in zip(reports, uris, strict=True) if not report.is_valid]
    if not refused:
        return
    lines = [f"datasets: {len(refused)} of {len(reports)} {'file' if len(reports) == 1 else 'files'} refused"]
    for report, uri in refused[:FILES_TOLD]:
        lines += _told(report, uri)
    if len(refused) > FILES_TOLD:
        lines.append(f"and {len(refused) - FILES_TOLD} more, in the run's report")
    raise InvalidDataset("\n".join(lines))


def _told(report: Report, uri: str | None) -> Iterator[str]:
    total = report.counts.total()
    counted = ", ".join(f"{rule} {count:,}" for rule, count in _by_count(report))
    yield f"{report.file}: {total:,} finding{'' if total == 1 else 's'} ({counted})"
    shown = sorted(report.findings, key=lambda finding: finding.severity != "refuse")[:FINDINGS_TOLD]
    yield from (f"- {finding}" for finding in shown)
    yield f"- {'and ' + format(total - len(shown), ',') + ' more' if total > len(shown) else 'all'} in {uri}"


def _by_count(report: Report) -> list[tuple[str, int]]:
    """Broken rules, the most frequent first, then by name."""
    return sorted(report.counts.items(), key=lambda item: (-item[1], item[0]))


def summary_of(
    datasets: Sequence[Dataset], reports: Sequence[Report], uris: Sequence[str | None]
) -> dict[str, Any]:
    """summary.json. Fields are only ever added within a schema version."""
    return {
        "schema": SUMMARY_SCHEMA,
        "datasets": [
            {
                "fields": list(dataset.fields),
                "uri": dataset.uri,
                "format": dataset.format.value,
                "rows": report.rows,
                "bytes": report.bytes,
                "is_valid": report.is_valid,
                "rules": [
                    {"rule": rule, "severity": _SEVERITIES[rule], "count": count}
                    for rule, count in _by_count(report)
                ],
                "findings": [finding.to_json() for finding in report.findings[:FINDINGS_SUMMARISED]],
                "findings_uri": uri,
            }
            for dataset, report, uri in zip(datasets, reports, uris, strict=True)
        ],
    }
