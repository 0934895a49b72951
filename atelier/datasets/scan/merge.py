"""Merging the parts of one file: the report does not depend on how the file was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atelier.datasets.formats.registry import DEFINITIONS, Format
from atelier.datasets.lines.part import FINDINGS_KEPT, Part
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Finding, Rule, Violation
from atelier.datasets.rules.requirements import Requirements

_LIMITS = "Amazon Nova user guide and Amazon Bedrock quotas, by recipe"
ROWS = Rule("rows", "A file has at least one row.", "Amazon Nova user guide")
MIN_ROWS = Rule("min-rows", "A file has as many rows as the recipe needs.", _LIMITS)
MAX_ROWS = Rule("max-rows", "A file has no more rows than the recipe takes.", _LIMITS)
FILE_SIZE = Rule("file-size", "A file is no larger than the recipe takes.", _LIMITS)
FILE_RULES = (ROWS, MIN_ROWS, MAX_ROWS, FILE_SIZE)


def merge(parts: Iterable[Part], format: Format, requirements: Requirements = Requirements()) -> Report:  # noqa: A002, B008
    """The report of a file from all its parts, in any order.

    Findings of the file as a whole come first: they may explain the others.
    """
    whole = _joined(sorted(parts, key=lambda part: part.start))
    report = Report(file=whole.file, rows=whole.rows, bytes=whole.bytes)
    for violation in _file_violations(
        whole, requirements, DEFINITIONS[format].across(whole.feature_counts, requirements)
    ):
        report.add(Finding.of(violation, file=whole.file))
    report.counts += whole.counts
    report.refused += whole.refused
    report.findings += whole.findings
    return report


def _joined(parts: Iterable[Part]) -> Part:
    whole = Part()
    for part in parts:
        whole.file = part.file
        room = FINDINGS_KEPT - len(whole.findings)
        whole.findings += [finding.moved(whole.lines) for finding in part.findings[:room]]
        whole.feature_counts.add_all(part.feature_counts, whole.lines)
        whole.counts += part.counts
        whole.lines += part.lines
        whole.rows += part.rows
        whole.bytes += part.bytes
        whole.refused += part.refused
    return whole


def _file_violations(
    whole: Part, requirements: Requirements, across: Iterable[Violation]
) -> Iterator[Violation]:
    if whole.rows == 0:
        yield Violation(ROWS, "", "no rows", "at least one")
    least, most = requirements.min_rows, requirements.max_rows
    if least and 0 < whole.rows < least.rows:
        yield Violation(MIN_ROWS, "", f"{whole.rows:,} rows", f"at least {least.rows:,}: {least.reason}")
    if most and whole.rows > most.rows:
        yield Violation(MAX_ROWS, "", f"{whole.rows:,} rows", f"at most {most.rows:,}: {most.reason}")
    if requirements.max_file_bytes is not None and whole.bytes > requirements.max_file_bytes:
        yield Violation(
            FILE_SIZE, "", f"{whole.bytes:,} bytes", f"at most {requirements.max_file_bytes:,} bytes"
        )
    yield from across
