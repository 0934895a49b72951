"""Parts of one file put together: the same report however the file was cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from atelier.datasets.formats.names import Format
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.report import Report
from atelier.datasets.rules.finding import Finding
from atelier.datasets.rules.requirements import Demands
from atelier.datasets.rules.rule import Rule
from atelier.datasets.rules.violation import Fault
from atelier.datasets.scan.part import FINDINGS_KEPT, Part

_LIMITS = "Amazon Nova user guide and Amazon Bedrock quotas, by recipe"
ROWS = Rule("rows", "A file has at least one row.", "Amazon Nova user guide")
MIN_ROWS = Rule("min-rows", "A file has as many rows as the recipe needs.", _LIMITS)
MAX_ROWS = Rule("max-rows", "A file has no more rows than the recipe takes.", _LIMITS)
FILE_SIZE = Rule("file-size", "A file is no larger than the recipe takes.", _LIMITS)
FILE_RULES = (ROWS, MIN_ROWS, MAX_ROWS, FILE_SIZE)


def merge(parts: Iterable[Part], format: Format, demands: Demands = Demands()) -> Report:  # noqa: A002, B008
    """The report of the file that the parts, in any order, are all of; lines count from the file's beginning.

    What is wrong with the file as a whole comes first: it may be the reason for all the rest.
    """
    whole = _joined(sorted(parts, key=lambda part: part.start))
    report = Report(file=whole.file, rows=whole.rows, bytes=whole.bytes)
    for fault in _file_faults(whole, demands, DEFINITIONS[format].across(whole.tally, demands)):
        report.add(Finding.of(fault, file=whole.file))
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
        whole.tally.add_all(part.tally, whole.lines)
        whole.counts += part.counts
        whole.lines += part.lines
        whole.rows += part.rows
        whole.bytes += part.bytes
        whole.refused += part.refused
    return whole


def _file_faults(whole: Part, demands: Demands, across: Iterable[Fault]) -> Iterator[Fault]:
    if whole.rows == 0:
        yield Fault(ROWS, "", "no rows", "at least one")
    least, most = demands.min_rows, demands.max_rows
    if least and 0 < whole.rows < least.rows:
        yield Fault(MIN_ROWS, "", f"{whole.rows:,} rows", f"at least {least.rows:,}: {least.reason}")
    if most and whole.rows > most.rows:
        yield Fault(MAX_ROWS, "", f"{whole.rows:,} rows", f"at most {most.rows:,}: {most.reason}")
    if demands.max_file_bytes is not None and whole.bytes > demands.max_file_bytes:
        yield Fault(FILE_SIZE, "", f"{whole.bytes:,} bytes", f"at most {demands.max_file_bytes:,} bytes")
    yield from across
