"""`atelier data convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.data.formats_in_help import LAYOUTS, TARGETS
from cli.options import DatasetFile, EnvironmentName

AUTO = "auto"


def convert(
    file: DatasetFile,
    to: Annotated[str, typer.Option("--to", "-t", metavar="FORMAT", help=f"What to make: {TARGETS}.")],
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="OUT", help="Where to, or - for standard output.")
    ],
    layout: Annotated[
        str,
        typer.Option(
            "--from", "-f", metavar="LAYOUT", help=f"{LAYOUTS}; auto: detected from the first rows."
        ),
    ] = AUTO,
    query: Annotated[str | None, typer.Option(metavar="COLUMN", help="The column with the question.")] = None,
    response: Annotated[str | None, typer.Option(metavar="COLUMN", help="… with the answer.")] = None,
    chosen: Annotated[str | None, typer.Option(metavar="COLUMN", help="… with the preferred answer.")] = None,
    rejected: Annotated[str | None, typer.Option(metavar="COLUMN", help="… with the other answer.")] = None,
    system_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="… with the system text.")
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN", help="… that goes before the question (repeatable; usual name: context)."
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(metavar="COLUMN", help="… that is left out (repeatable).")
    ] = None,
    system: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The system text of rows that have none.")
    ] = None,
    tools: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The toolConfig (JSON) of rows that have none.")
    ] = None,
    last_exchange: Annotated[
        bool, typer.Option("--last-exchange", help="Of a conversation keep the last question and its answer.")
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows that cannot be converted, and say how many.")
    ] = False,
    findings: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Write every finding here, one JSON object a line."),
    ] = None,
    environment: EnvironmentName = "local",
) -> None:
    """Convert a dataset; the output passes `atelier data check`, or no file is written.

    A row that cannot be converted is named with its line and the reason; with --skip-bad it is left out.
    A column that has no place in a sample is named: --context, --system-column or --drop says where it goes.
    """
    from atelier.datasets import Format
    from atelier.datasets.transform import targets
    from atelier.datasets.transform.columns import Columns
    from atelier.datasets.transform.convert import Conversion
    from atelier.datasets.transform.sources import Source
    from cli.chat.chat import read_tools
    from cli.data.convert import convert_source
    from cli.data.source import source_of
    from cli.options import one_of

    conversion = Conversion(
        Format(one_of(to, list(targets.TARGETS), option="--to")),
        None if layout == AUTO else Source(one_of(layout, [*Source, AUTO], option="--from")),
        Columns(query, response, system_column, chosen, rejected, tuple(context or ()), tuple(drop or ())),
        system=system,
        tool_config=dict(read_tools(tools)) if tools else None,
        last_exchange=last_exchange,
    )
    convert_source(source_of(file, environment), out, conversion, skip_bad=skip_bad, findings=findings)
