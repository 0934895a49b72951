"""`atelier data split`: the parts of a dataset, each a file beside the others."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from atelier.datasets.transform.split import assign, index, write
from atelier.datasets.transform.stats import NO_TOOL
from cli.data.output import published
from cli.data.progress import progress
from cli.data.source import Source
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed


@dataclass(frozen=True)
class Split:
    """The parts' files, and the rows of each tool in each of them."""

    files: list[Path]
    counts: Mapping[str, list[int]]


def split_source(source: Source, shares: Mapping[str, float], *, folder: Path | None, seed: int) -> Split:
    """Split a dataset in two passes; parts without a share are not written."""
    requested = {name: share for name, share in shares.items() if share > 0}
    if not math.isclose(sum(requested.values()), 1):
        sum_of = " + ".join(f"--{name} {share:g}" for name, share in shares.items())
        raise CommandFailed(f"{sum_of} = {sum(shares.values()):g}: shares add up to 1", ExitCode.INVALID)
    origin = source.path or Path("dataset.jsonl")
    files = [(folder or origin.parent) / f"{origin.stem}.{name}.jsonl" for name in requested]
    with ExitStack() as stack:
        source = _read_twice(source, stack)
        with progress(source) as advance, source.open() as stream:
            indexed = index(stream, seed, advance)
        assignment = assign(indexed, list(requested.values()))
        outs = [stack.enter_context(published(str(file), option="--out")) for file in files]
        with progress(source) as advance, source.open() as stream:
            write(stream, assignment.parts, [out.write for out in outs], advance)
    return Split(files, assignment.counts)


def _read_twice(source: Source, stack: ExitStack) -> Source:
    """A source that can be opened again: standard input is copied to disk first."""
    if source.size is not None:
        return source
    copy = stack.enter_context(TemporaryFile())  # noqa: SIM115 - closed with the stack
    with source.open() as stream:
        shutil.copyfileobj(stream, copy)

    def rewound() -> BinaryIO:
        copy.seek(0)
        return open(copy.fileno(), "rb", closefd=False)

    return replace(source, size=copy.tell(), open=rewound)


def view(split: Split) -> RenderableType:
    """The rows of each part, in all and by the tool that the last turn calls."""
    table = Table(box=None, pad_edge=False)
    table.add_column("rows", justify="left")
    for file in split.files:
        table.add_column(file.name.rsplit(".", 2)[-2], justify="right")
    totals = [sum(column) for column in zip(*split.counts.values(), strict=True)] or [0] * len(split.files)
    table.add_row(Text("all", style="bold"), *(Text(f"{total:,}", style="bold") for total in totals))
    if len(split.counts) > 1:
        for tool, counts in split.counts.items():
            table.add_row(Text(tool or NO_TOOL), *(f"{count:,}" for count in counts))
    return Group(table, *(Text(str(file), style="dim", overflow="fold") for file in split.files))
