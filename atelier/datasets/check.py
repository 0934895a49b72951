"""Checking a whole file: one scan, or several side by side, and one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from atelier.datasets.blocks import Readable
from atelier.datasets.demands import Demands
from atelier.datasets.formats import Format
from atelier.datasets.merge import merge
from atelier.datasets.part import Part
from atelier.datasets.report import Report
from atelier.datasets.scan import Sink, Watcher, scan

OnProgress = Callable[[int], None]


def check(
    stream: Readable,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands = Demands(),  # noqa: B008 - frozen
    *,
    file: str = "",
    sink: Sink | None = None,
    watchers: Sequence[Watcher] = (),
) -> Report:
    """Check everything that a stream yields; `file` is what findings call it.

    `sink` gets every finding: those of lines as they are found, at the end those of the file as a whole.
    """
    part = scan(stream, format, demands, file=file, sink=sink, watchers=watchers)
    return _reported([part], format, demands, sink)


def check_file(
    path: Path,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands = Demands(),  # noqa: B008 - frozen
    *,
    jobs: int = 1,
    sink: Sink | None = None,
    watchers: Sequence[Watcher] = (),
    on_progress: OnProgress | None = None,
) -> Report:
    """Check a file with `jobs` processes; with one when there are watchers, which see all rows in order, and
    where the file is a pipe, which can be read once.

    `on_progress` is told how many bytes more were read. The report, and what `sink` gets in which order, are
    the same for any number of jobs.
    """
    if jobs > 1 and not watchers and path.is_file() and path.stat().st_size:
        # Imported here: functions in AWS need no processes, and start faster without their machinery.
        from atelier.datasets.side_by_side import scan_side_by_side

        parts = scan_side_by_side(path, format, demands, jobs=jobs, sink=sink, on_progress=on_progress)
        return _reported(parts, format, demands, sink)
    with path.open("rb") as file:
        stream = _Watched(file, on_progress) if on_progress else file
        return check(stream, format, demands, file=str(path), sink=sink, watchers=watchers)


def _reported(
    parts: Sequence[Part],
    format: Format,  # noqa: A002 - the field's word
    demands: Demands,
    sink: Sink | None,
) -> Report:
    report = merge(parts, format, demands)
    if sink:
        for finding in report.findings:
            if finding.line == 0:
                sink(finding)
    return report


class _Watched:
    """A stream that tells how much is read from it."""

    def __init__(self, stream: Readable, on_progress: OnProgress) -> None:
        self._stream = stream
        self._on_progress = on_progress

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._on_progress(len(data))
        return data
