"""`atelier data check`: a dataset, checked in one pass where it lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from atelier.datasets import Demands, Format, Report, check, check_file
from atelier.datasets.scan import Watcher
from cli.data_progress import progress
from cli.data_source import Source
from cli.findings_file import written_to


def check_source(
    source: Source,
    format: Format,  # noqa: A002 - the field's word
    demands: Demands,
    *,
    jobs: int = 1,
    findings: Path | None = None,
    watchers: Sequence[Watcher] = (),
) -> Report:
    """Check a dataset, with a progress bar on a terminal; `findings` gets every finding as a line of JSON."""
    with ExitStack() as stack:
        sink = stack.enter_context(written_to(findings, source)) if findings else None
        advance = stack.enter_context(progress(source))
        if source.path:
            return check_file(
                source.path,
                format,
                demands,
                jobs=jobs,
                sink=sink,
                watchers=watchers,
                on_progress=advance,
            )
        stream = _Counted(stack.enter_context(source.open()), advance)
        return check(stream, format, demands, file=source.name, sink=sink, watchers=watchers)


class _Counted:
    """A stream that tells how much was read from it."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream = stream
        self._advance = advance

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._advance(len(data))
        return data
