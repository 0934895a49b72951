"""`atelier data stats`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DatasetFile, EnvironmentName


def stats(
    file: DatasetFile,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="Write the same as a page with charts.")
    ] = None,
    environment: EnvironmentName = "local",
) -> None:
    """Show statistics of a dataset: rows, turns, lengths, roles and tools."""
    from cli.console import out
    from cli.data.source import source_of
    from cli.data.stats import stats_of, view, write_page

    source = source_of(file, environment)
    counted = stats_of(source)
    out.print(view(source.name, counted))
    if html:
        write_page(html, source.name, counted)
        out.print(f"page: {html}", style="dim", soft_wrap=True)
