"""Check of a whole file, in one scan or several, and every rule."""

from __future__ import annotations

from collections.abc import Sequence

from atelier.datasets.formats.registry import DEFINITIONS, Format
from atelier.datasets.lines.blocks import Readable
from atelier.datasets.lines.line import LINE_RULES
from atelier.datasets.lines.part import Part
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Rule
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.scan.merge import FILE_RULES, merge
from atelier.datasets.scan.scan import Observer, Sink, scan

_OF_FORMATS = (rule for definition in DEFINITIONS.values() for rule in definition.rules)
ALL_RULES: tuple[Rule, ...] = tuple(dict.fromkeys((*LINE_RULES, *FILE_RULES, *_OF_FORMATS)))


def check(
    stream: Readable,
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements = Requirements(),  # noqa: B008 - frozen
    *,
    file: str = "",
    sink: Sink | None = None,
    observers: Sequence[Observer] = (),
) -> Report:
    """Check a whole stream; `file` is its name in findings.

    `sink` gets every finding: those of lines as they are found, at the end those of the file as a whole.
    """
    part = scan(stream, format, requirements, file=file, sink=sink, observers=observers)
    return reported([part], format, requirements, sink)


def reported(
    parts: Sequence[Part],
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements,
    sink: Sink | None = None,
) -> Report:
    """The report of a file from all its parts; `sink` gets file-level findings."""
    report = merge(parts, format, requirements)
    if sink:
        for finding in report.findings:
            if finding.line == 0:
                sink(finding)
    return report
