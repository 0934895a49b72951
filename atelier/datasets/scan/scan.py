"""One pass over a file, or a part of it, in flat memory: every finding of every line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from atelier.datasets.definition import BlockFastPath, Definition, FastPath
from atelier.datasets.formats.registry import DEFINITIONS, Format
from atelier.datasets.lines.blocks import Block, Readable, Skipped, blocks
from atelier.datasets.lines.line import (
    BLANK_LINE,
    BYTE_ORDER_MARK_BYTES,
    BYTE_ORDER_MARK_FOUND,
    LINE_LENGTH,
    read,
)
from atelier.datasets.lines.part import Part
from atelier.datasets.rules.feature_counts import Features
from atelier.datasets.rules.finding import Finding, Violation
from atelier.datasets.rules.requirements import Requirements

LONGEST_LINE = 16 * 1024 * 1024

Sink = Callable[[Finding], None]


class Observer(Protocol):
    """Something else that reads along: it is shown every row that is a JSON object."""

    def on_row(self, line: bytes, number: int, offset: int) -> Iterable[Violation]:
        """What is wrong with the row; `number` counts lines within the part."""


def scan(
    stream: Readable,
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements = Requirements(),  # noqa: B008 - frozen
    *,
    file: str = "",
    start: int = 0,
    end: int | None = None,
    sink: Sink | None = None,
    observers: Sequence[Observer] = (),
) -> Part:
    """Check the lines whose first byte is in [start, end).

    The stream stands at `max(start - 1, 0)` and is read past `end` as far as the last line goes. `sink` gets
    every finding as it is found, with line numbers that count from the part's first line.
    """
    return _Scan(Part(file=file, start=start), DEFINITIONS[format], requirements, sink, observers).run(
        stream, end
    )


class _Scan:
    def __init__(
        self,
        part: Part,
        definition: Definition,
        requirements: Requirements,
        sink: Sink | None,
        observers: Sequence[Observer],
    ) -> None:
        self._part = part
        self._definition = definition
        self._requirements = requirements
        self._sink = sink
        self._observers = observers
        self._longest = min(requirements.max_line_bytes or LONGEST_LINE, LONGEST_LINE)
        self._verdicts = _verdicts_by(definition.fast_path(requirements) if definition.fast_path else None)

    def run(self, stream: Readable, end: int | None) -> Part:
        for block in blocks(stream, self._part.start, end, self._longest):
            if isinstance(block, Block):
                self._block(block)
            else:
                self._skipped(block)
        return self._part

    def _skipped(self, line: Skipped) -> None:
        self._part.lines += 1
        self._part.rows += 1
        self._part.bytes += line.bytes
        self._add(_too_long(line.size, self._longest), self._part.lines, line.offset)

    def _block(self, block: Block) -> None:
        part = self._part
        verdicts = self._verdicts(block)
        if len(block.data) > self._longest:
            verdicts = [
                features if len(line) <= self._longest else None
                for line, features in zip(block.lines(), verdicts, strict=True)
            ]
        for features in set(verdicts):
            if features is not None:
                first = part.lines + 1 + verdicts.index(features)
                part.feature_counts.add(features, first, verdicts.count(features))
        if self._observers or None in verdicts:
            self._look_closer(block, verdicts)
        part.lines += len(verdicts)
        part.rows += len(verdicts)
        part.bytes += len(block.data)

    def _look_closer(self, block: Block, verdicts: Sequence[Features | None]) -> None:
        number, offset = self._part.lines, block.offset
        for line, features in zip(block.lines(), verdicts, strict=True):
            number += 1
            if (features is not None or self._validate(line, number, offset)) and self._observers:
                self._watch(line, number, offset)
            offset += len(line) + 1

    def _validate(self, line: bytes, number: int, offset: int) -> bool:
        """Find everything that is wrong with a line; whether it is an object at all."""
        if len(line) > self._longest:
            self._add(_too_long(len(line), self._longest), number, offset)
            return False
        if line.startswith(BYTE_ORDER_MARK_BYTES):
            self._add(BYTE_ORDER_MARK_FOUND, number, offset)
            line = line.removeprefix(BYTE_ORDER_MARK_BYTES)
        sample = read(line)
        if isinstance(sample, Violation):
            self._part.rows -= sample.rule is BLANK_LINE
            self._add(sample, number, offset)
            return False
        for violation in self._definition.validate(sample, self._requirements):
            self._add(violation, number, offset)
        self._part.feature_counts.add(self._definition.features(sample), number)
        return True

    def _watch(self, line: bytes, number: int, offset: int) -> None:
        for observer in self._observers:
            for violation in observer.on_row(line, number, offset):
                self._add(violation, number, offset)

    def _add(self, violation: Violation, number: int, offset: int) -> None:
        finding = Finding.of(violation, file=self._part.file, line=number, offset=offset)
        self._part.add(finding)
        if self._sink:
            self._sink(finding)


def _verdicts_by(fast_path: FastPath | None) -> Callable[[Block], Sequence[Features | None]]:
    if fast_path is None:
        return lambda block: [None] * len(block.lines())
    if isinstance(fast_path, BlockFastPath):
        return fast_path.block
    return lambda block: list(map(fast_path, block.lines()))


def _too_long(size: int, longest: int) -> Violation:
    return Violation(LINE_LENGTH, "", f"{size:,} bytes", f"at most {longest:,} bytes")
