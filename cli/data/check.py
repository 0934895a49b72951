"""`atelier data check`: one pass over a dataset, without a copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, TypeGuard

from atelier.datasets import Format, Report, Requirements, check, reported
from atelier.datasets.scan.scan import Observer
from cli.data.findings_file import written_to
from cli.data.parallel_scan import parallel_scan
from cli.data.progress import progress
from cli.data.source import Source


def check_source(
    source: Source,
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements,
    *,
    jobs: int = 1,
    findings: Path | None = None,
    observers: Sequence[Observer] = (),
) -> Report:
    """Check a dataset; `findings` gets every finding as a line of JSON.

    Several `jobs` scan a file side by side, unless watchers are to see all rows in order. The report, and the
    order of the findings, are the same for any number of them.
    """
    with ExitStack() as stack:
        sink = stack.enter_context(written_to(findings, source)) if findings else None
        advance = stack.enter_context(progress(source))
        if jobs > 1 and not observers and _can_be_cut(source.path):
            parts = parallel_scan(
                source.path, format, requirements, jobs=jobs, sink=sink, on_progress=advance
            )
            return reported(parts, format, requirements, sink)
        stream = _Counted(stack.enter_context(source.open()), advance)
        return check(stream, format, requirements, file=source.name, sink=sink, observers=observers)


def _can_be_cut(path: Path | None) -> TypeGuard[Path]:
    """Whether it is a file that is not empty: a pipe can be read only once."""
    return path is not None and path.is_file() and path.stat().st_size > 0


class _Counted:
    """A stream that reports how much was read from it."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream = stream
        self._advance = advance

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._advance(len(data))
        return data
