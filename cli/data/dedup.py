"""`atelier data dedup`: the rows left out, and the rows kept instead."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from atelier.datasets.transform.dedup import By, Dropped, dedup
from cli.console import err
from cli.data.findings_file import json_lines
from cli.data.output import published
from cli.data.progress import progress
from cli.data.source import Source

SHOWN = 5


def dedup_source(source: Source, to: str, *, by: By, near: float | None, report: Path | None) -> None:
    """Write the dataset without its duplicates, and list on standard error what was left out."""
    first: list[Dropped] = []
    with ExitStack() as stack:
        write = stack.enter_context(json_lines(report, source, option="--report")) if report else None
        out = stack.enter_context(published(to))
        advance = stack.enter_context(progress(source))
        stream = stack.enter_context(source.open())

        def drop(dropped: Dropped) -> None:
            if write:
                write(dropped._asdict())
            if len(first) < SHOWN:
                first.append(dropped)

        result = dedup(stream, out.write, by=by, near=near, sink=drop, on_progress=advance)
    kept = result.rows - result.same - result.alike
    alike = "" if near is None else f", {result.alike:,} alike"
    err.print(
        f"{result.rows:,} rows: {kept:,} kept, {result.same:,} the same as one before{alike}",
        soft_wrap=True,
    )
    for dropped in first:
        how = "the same as" if dropped.similarity == 1 else f"{dropped.similarity:.0%} like"
        err.print(f"- line {dropped.line:,}: {how} line {dropped.kept:,}", style="dim", soft_wrap=True)
    more = result.same + result.alike - len(first)
    if more:
        where = f": {report}" if report else "; --report OUT.jsonl lists them"
        err.print(f"- and {more:,} more{where}", style="dim", markup=False, soft_wrap=True)
