"""How far a dataset is read: a bar by bytes, on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cli.console import err
from cli.data.source import Source


@contextmanager
def progress(source: Source) -> Iterator[Callable[[int], None]]:
    """A bar by bytes; on standard error, and only on a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(Path(source.name).name, total=source.size)
        yield lambda count: bar.advance(task, count)
