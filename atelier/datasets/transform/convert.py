"""Conversion of a file, row by row in flat memory, to clean samples or findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from atelier.datasets.definition import FastPath
from atelier.datasets.formats.registry import DEFINITIONS, Format
from atelier.datasets.lines.blocks import Skipped, blocks
from atelier.datasets.lines.line import LINE_LENGTH, read as read_line
from atelier.datasets.report import Report
from atelier.datasets.rules.feature_counts import FeatureCounts, Features
from atelier.datasets.rules.finding import Finding, Violation, shown
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.scan.merge import ROWS
from atelier.datasets.scan.scan import LONGEST_LINE
from atelier.datasets.shapes.dialogue import Unconvertible
from atelier.datasets.transform import openai_text
from atelier.datasets.transform.columns import Columns, is_metadata, unplaced, unread
from atelier.datasets.transform.sources import Source, detect, read
from atelier.datasets.transform.targets import write

DETECTED_FROM = 20


@dataclass(frozen=True)
class Conversion:
    """A conversion. `source` None: the layout is detected from the first rows.

    `system` and `tool_config` are given to rows that have none of their own.
    """

    target: Format
    source: Source | None = None
    columns: Columns = field(default_factory=Columns)
    system: str | None = None
    tool_config: dict[str, Any] | None = None
    last_exchange: bool = False


@dataclass
class ConversionResult:
    """The result of a conversion. `refused` rows were not written.

    `left_out` counts rows by a column that was dropped or is metadata, `unplaced` by one without a place,
    which refuses the file; `one_answer` counts pairs of which the target holds the better answer alone,
    `contexts` rows whose column `context` was placed before the question although no option names it.
    Findings on line 0 of the report are about the written file, the others about the rows that were read.
    """

    report: Report
    source: Source | None = None
    refused: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unplaced: Counter[str] = field(default_factory=Counter)
    one_answer: int = 0
    contexts: int = 0

    @property
    def written(self) -> int:
        """Rows that were converted."""
        return self.report.rows - self.refused

    @property
    def fits_together(self) -> bool:
        """True when the written rows are a clean file, whatever became of the others."""
        return all(finding.line for finding in self.report.findings)


class Undetected(Exception):
    """The layout cannot be detected; the message describes the first rows."""


def detect_source(first_rows: Sequence[bytes], columns: Columns) -> Source:
    """The layout that the first rows share. Lines that are no JSON objects are passed over."""
    held = [read_line(line) for line in first_rows]
    samples = [sample for sample in held if not isinstance(sample, Violation)]
    layouts = list(dict.fromkeys(detect(sample, columns) for sample in samples))
    known = ", ".join(Source)
    if not layouts:
        violations = (violation for violation in held if isinstance(violation, Violation))
        first = next((f": {violation.found}; accepted: {violation.accepted}" for violation in violations), "")
        raise Undetected(f"none of the first lines is a row{first}")
    if len(layouts) > 1:
        names = " and ".join(layout or "an unknown layout" for layout in layouts)
        raise Undetected(f"the first rows are {names}; --from names the one to read: {known}")
    if layouts[0] is None:
        raise Undetected(
            f"columns {', '.join(samples[0]) or '(none)'}: no known layout; --from names one: {known}; "
            "--query and --response, or --chosen and --rejected, name the columns"
        )
    return layouts[0]


def convert(
    stream: BinaryIO,
    out: Callable[[bytes], object],
    conversion: Conversion,
    *,
    file: str = "",
    sink: Callable[[Finding], object] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> ConversionResult:
    """Read `stream` to its end and give `out` the converted lines; `sink` gets every finding.

    Undetected when no source is named and the first rows do not show one.
    """
    converter = _Converter(conversion, out, file, sink)
    for block in blocks(stream, 0, None, LONGEST_LINE):
        if isinstance(block, Skipped):
            size = block.bytes
            converter.skip(block)
        else:
            size = len(block.data)
            converter.convert(block.data, block.offset)
        converter.report.bytes += size
        if on_progress:
            on_progress(size)
    return converter.finish()


class _Converter:
    def __init__(
        self,
        conversion: Conversion,
        out: Callable[[bytes], object],
        file: str,
        sink: Callable[[Finding], object] | None,
    ) -> None:
        self._conversion = conversion
        self._out = out
        self._sink = sink
        self.report = Report(file)
        self._outcome = ConversionResult(self.report, conversion.source)
        self._feature_counts = FeatureCounts()
        self._definition = DEFINITIONS[conversion.target]
        fast_path = self._definition.fast_path
        self._accept: FastPath | None = fast_path(Requirements()) if fast_path else None

    def convert(self, data: bytes, offset: int) -> None:
        """Convert whole lines: at once where that is sure to be right, else one by one."""
        if self._convert_at_once(data):
            return
        for line in data.removesuffix(b"\n").split(b"\n"):
            if not self._convert_at_once(line):
                self.report.rows += 1
                self._convert_line(line, self._source(data), offset)
            offset += len(line) + 1

    def _convert_at_once(self, data: bytes) -> bool:
        """Convert lines by the fast path; False, with nothing done, where it is not sure."""
        conversion, source = self._conversion, self._source(data)
        if (source, conversion.target) != (Source.OPENAI_CHAT, Format.SFT) or conversion.tool_config:
            return False
        block = openai_text.convert_block(data, conversion.system)
        if block is None:
            return False
        for features, rows, first in block.features:
            self._feature_counts.add(features, self.report.rows + first, rows)
        self.report.rows += block.rows
        self._out(block.lines)
        return True

    def _source(self, data: bytes) -> Source:
        if self._outcome.source is None:
            first_rows = data.split(b"\n", DETECTED_FROM)[:DETECTED_FROM]
            self._outcome.source = detect_source(first_rows, self._conversion.columns)
        return self._outcome.source

    def skip(self, line: Skipped) -> None:
        """Refuse a line that is too long to be held."""
        self.report.rows += 1
        violation = Violation(LINE_LENGTH, "", f"{line.size:,} bytes", f"at most {LONGEST_LINE:,} bytes")
        self._refuse([violation], line.offset)

    def finish(self) -> ConversionResult:
        """The result, with findings about the written file first in the report."""
        of_rows, self.report.findings = self.report.findings, []
        for violation in self._definition.across(self._feature_counts, Requirements()):
            if violation.rule.severity == "refuse":
                self._found(Finding.of(violation, file=self.report.file))
        if self._outcome.unplaced:
            self._found(Finding.of(unplaced(self._outcome.unplaced), file=self.report.file))
        if not self.report.rows:
            self._found(Finding.of(Violation(ROWS, "", "no rows", "at least one"), file=self.report.file))
        self.report.findings += of_rows
        return self._outcome

    def _convert_line(self, line: bytes, source: Source, offset: int) -> None:
        row = read_line(line)
        if isinstance(row, Violation):
            self._refuse([row], offset)
            return
        try:
            sample = self._sample(row, source)
            converted = _encoded(sample)
        except Unconvertible as error:
            self._refuse([error.violation], offset)
            return
        features: Features | None = self._accept(converted) if self._accept else None
        if features is None:
            violations = self._definition.validate(sample, Requirements())
            refusals = [violation for violation in violations if violation.rule.severity == "refuse"]
            if refusals:
                self._refuse(refusals, offset)
                return
            features = self._definition.features(sample)
        self._feature_counts.add(features, self.report.rows)
        self._out(converted + b"\n")

    def _sample(self, row: dict[str, Any], source: Source) -> dict[str, Any]:
        conversion = self._conversion
        reading = read(row, source, conversion.columns)
        for name, value in unread(row, reading.columns):
            is_left_out = name in conversion.columns.drop or is_metadata(name, value)
            (self._outcome.left_out if is_left_out else self._outcome.unplaced)[name] += 1
        self._outcome.one_answer += reading.dialogue.rejected is not None and self._definition.answers == 1
        dialogue = reading.dialogue.last_exchange() if conversion.last_exchange else reading.dialogue
        placed = dialogue.in_context(reading.context)
        self._outcome.contexts += placed is not dialogue and not conversion.columns.context
        dialogue = placed
        if conversion.system and not dialogue.system:
            dialogue = replace(dialogue, system=[conversion.system])
        if conversion.tool_config and not dialogue.tool_config:
            dialogue = replace(dialogue, tool_config=conversion.tool_config)
        return write(dialogue, conversion.target)

    def _refuse(self, violations: Sequence[Violation], offset: int) -> None:
        self._outcome.refused += 1
        for violation in violations:
            self._found(Finding.of(violation, file=self.report.file, line=self.report.rows, offset=offset))

    def _found(self, finding: Finding) -> None:
        self.report.add(finding)
        if self._sink:
            self._sink(finding)


def _encoded(sample: dict[str, Any]) -> bytes:
    try:
        return json.dumps(sample, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as error:  # half a surrogate pair, a number beyond all floats
        raise Unconvertible("", shown(str(error)), "what JSON in UTF-8 can hold") from None
