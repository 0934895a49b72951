"""A job's log on the shared file system: its last lines, the loss in them, and the log as a whole."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

_LINES, _LINE_LENGTH = 20, 500
_TAIL_BYTES = 1 << 16
LARGEST_BYTES = 16 << 20
_LOSS = re.compile(
    r"\b(?:reduced_train_loss|train_loss|loss)['\"]?\s*[=:]\s*(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?![\w.])"
)


def last_lines(path: Path) -> list[str]:
    """The last lines of a log; none when there is no log yet."""
    try:
        text = _tail(path, _TAIL_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return []
    return [line[:_LINE_LENGTH] for line in text.splitlines()[-_LINES:]]


def last_loss(lines: Sequence[str]) -> float | None:
    """The training loss in the last line that has one."""
    for line in reversed(lines):
        found = _LOSS.findall(line)
        if found:
            return float(found[-1])
    return None


def size(path: Path) -> int:
    """Bytes so far; 0 when there is no log yet."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def whole(path: Path) -> bytes:
    """The log for the pipeline: all of it, or the end of one that is very large."""
    body = _tail(path, LARGEST_BYTES)
    if size(path) <= LARGEST_BYTES:
        return body
    return b"(the beginning is on the cluster only)\n" + body.partition(b"\n")[2]


def _tail(path: Path, most: int) -> bytes:
    with path.open("rb") as stream:
        length = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, length - most))
        return stream.read(most)
