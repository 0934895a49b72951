"""One pass over a file, or a part of it, in flat memory: every finding of every line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO, Protocol

from atelier.datasets.blocks import Block, blocks
from atelier.datasets.definition import Acceptor, Definition
from atelier.datasets.demands import Demands
from atelier.datasets.fault import Fault
from atelier.datasets.finding import Finding
from atelier.datasets.formats import Format
from atelier.datasets.line import LINE_LENGTH, read
from atelier.datasets.part import Part
from atelier.datasets.registry import DEFINITIONS
from atelier.datasets.tally import Traits

LONGEST_LINE = 16 * 1024 * 1024

Sink = Callable[[Finding], None]


class Watcher(Protocol):
    """Something else that reads along: it is shown every row that is a JSON object."""

    def see(self, line: bytes, number: int, offset: int) -> Iterable[Fault]:
        """What is wrong with the row; `number` counts lines within the part."""


def scan(
    stream: BinaryIO,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands = Demands(),  # noqa: B008 - frozen
    *,
    file: str = "",
    start: int = 0,
    end: int | None = None,
    sink: Sink | None = None,
    watchers: Sequence[Watcher] = (),
) -> Part:
    """Check the lines whose first byte lies in [start, end).

    The stream stands at `max(start - 1, 0)` and is read past `end` as far as the last line goes. `sink` gets
    every finding as it is found, with line numbers that count from the part's first line.
    """
    return _Scan(Part(file=file, start=start), DEFINITIONS[format], demands, sink, watchers).run(stream, end)


class _Scan:
    def __init__(
        self,
        part: Part,
        definition: Definition,
        demands: Demands,
        sink: Sink | None,
        watchers: Sequence[Watcher],
    ) -> None:
        self._part = part
        self._definition = definition
        self._demands = demands
        self._sink = sink
        self._watchers = watchers
        self._longest = demands.max_line_bytes or LONGEST_LINE
        self._accept: Acceptor = definition.acceptor(demands) if definition.acceptor else _not_sure

    def run(self, stream: BinaryIO, end: int | None) -> Part:
        for block in blocks(stream, self._part.start, end, self._longest):
            if isinstance(block, Block):
                self._block(block)
            else:
                self._part.lines += 1
                self._part.rows += 1
                self._part.bytes += block.bytes
                self._add(_too_long(block.size, self._longest), block.offset)
        return self._part

    def _block(self, block: Block) -> None:
        offset = block.offset
        for line in block.data.removesuffix(b"\n").split(b"\n"):
            self._part.lines += 1
            self._line(line, offset)
            offset += len(line) + 1
        self._part.bytes += len(block.data)

    def _line(self, line: bytes, offset: int) -> None:
        part = self._part
        if len(line) > self._longest:
            part.rows += 1
            self._add(_too_long(len(line), self._longest), offset)
            return
        traits = self._accept(line)
        if traits is None:
            sample = read(line)
            part.rows += 1
            if isinstance(sample, Fault):
                part.rows -= not line.strip()
                self._add(sample, offset)
                return
            traits = self._definition.traits(sample)
            for fault in self._definition.explain(sample, self._demands):
                self._add(fault, offset)
        else:
            part.rows += 1
        part.tally.add(traits, part.lines)
        for watcher in self._watchers:
            for fault in watcher.see(line, part.lines, offset):
                self._add(fault, offset)

    def _add(self, fault: Fault, offset: int) -> None:
        finding = Finding.of(fault, file=self._part.file, line=self._part.lines, offset=offset)
        self._part.add(finding)
        if self._sink:
            self._sink(finding)


def _not_sure(_line: bytes) -> Traits | None:
    return None


def _too_long(size: int, longest: int) -> Fault:
    return Fault(LINE_LENGTH, "", f"{size:,} bytes", f"at most {longest:,} bytes")
