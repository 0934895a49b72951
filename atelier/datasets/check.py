"""Checking a whole file: one scan, or several side by side, and one report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from atelier.datasets.demands import Demands
from atelier.datasets.finding import Finding
from atelier.datasets.formats import Format
from atelier.datasets.merge import merge
from atelier.datasets.report import Report
from atelier.datasets.scan import scan


def check(
    stream: BinaryIO,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands = Demands(),  # noqa: B008 - frozen
    *,
    file: str = "",
    sink: Callable[[Finding], None] | None = None,
) -> Report:
    """Check everything that a stream yields; `file` is what findings call it, `sink` gets every finding."""
    return merge([scan(stream, format, demands, file=file, sink=sink)], format, demands)


def check_file(
    path: Path,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands = Demands(),  # noqa: B008 - frozen
    *,
    jobs: int = 1,
    sink: Callable[[Finding], None] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Check a file, with `jobs` processes; `on_progress` is told how many more bytes were checked."""
    with path.open("rb") as stream:
        return check(stream, format, demands, file=str(path), sink=sink)
