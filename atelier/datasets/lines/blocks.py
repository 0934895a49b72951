"""A byte stream as blocks of whole lines, in bounded memory however long a line is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

# What is decoded from a block of this size still fits a processor's second-level cache.
BLOCK_BYTES = 64 * 1024


class Readable(Protocol):
    """What bytes come from: an open file, the body of an S3 object."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to so many bytes; none only at the end."""


class Block(NamedTuple):
    """Whole lines; only the last one of a file may lack its newline."""

    offset: int
    data: bytes

    def lines(self) -> list[bytes]:
        """The lines, without their newlines."""
        lines = self.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        return lines


class Skipped(NamedTuple):
    """A line that was too long to be held; `size` is without its newline, `bytes` with it."""

    offset: int
    size: int
    bytes: int


def blocks(stream: Readable, start: int, end: int | None, longest: int) -> Iterator[Block | Skipped]:
    """The lines whose first byte is in [start, end). A line longer than `longest` may come as Skipped.

    The stream stands at `start`, or one byte before it when that is not 0: whether a line begins at `start`
    is known from the byte before. It is read beyond `end` as far as the last line goes.
    """
    data, offset = _first_line(stream, start, end)
    while data is not None and (end is None or offset < end):
        more = stream.read(BLOCK_BYTES)
        data += more
        cut, is_last = _cut(data, None if end is None else end - offset, at_end=not more)
        if cut:
            yield Block(offset, data[:cut])
        offset, data = offset + cut, data[cut:]
        if is_last:
            return
        if len(data) > longest:
            size, rest = _skip(stream, len(data))
            terminated = rest is not None
            yield Skipped(offset, size, size + terminated)
            offset, data = offset + size + terminated, rest


def _cut(data: bytes, end: int | None, *, at_end: bool) -> tuple[int, bool]:
    """Length of the whole lines in `data` that begin before `end`, and whether they are the last."""
    if end is not None and len(data) >= end:
        newline = data.find(b"\n", max(end - 1, 0))
        if newline >= 0:
            return newline + 1, True
    if at_end:
        return len(data), True
    return data.rfind(b"\n") + 1, False


def _first_line(stream: Readable, start: int, end: int | None) -> tuple[bytes | None, int]:
    """The bytes from the first line at or after `start`, and that line's offset."""
    if start == 0:
        return b"", 0
    size, rest = _skip(stream, 0, None if end is None else end - start)
    return rest, start + size


def _skip(stream: Readable, size: int, enough: int | None = None) -> tuple[int, bytes | None]:
    """The length of the line, newline not counted, of which `size` bytes are read; what was read after it.

    Nothing after it when the stream ends, or when the line was found to be `enough` long.
    """
    while enough is None or size < enough:
        more = stream.read(BLOCK_BYTES)
        newline = more.find(b"\n")
        if newline >= 0:
            return size + newline, more[newline + 1 :]
        if not more:
            break
        size += len(more)
    return size, None
