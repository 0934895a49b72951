"""`atelier data dedup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DatasetFile, EnvironmentName


def dedup(
    file: DatasetFile,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="OUT", help="Where to, or - for standard output.")
    ],
    near: Annotated[
        float | None,
        typer.Option(
            min=0.7, max=1, metavar="SIMILARITY", help="Also rows that are alike from here on, such as 0.9."
        ),
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="WHAT", help="row: what everybody says; question: what the user says.")
    ] = "row",
    report: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Write every dropped line here, with the line kept instead."),
    ] = None,
    environment: EnvironmentName = "local",
) -> None:
    """Leave out duplicates: of equal rows the first is kept unchanged.

    Case, spaces, ids of rows and calls and the order of keys do not count. --near goes by word triples, among
    rows that differ in texts alone: those made from one template are alike by nature, so look at the report
    before training on what is left.
    """
    from atelier.datasets.transform.dedup import By
    from cli.data.dedup import dedup_source
    from cli.data.source import source_of
    from cli.options import one_of

    dedup_source(
        source_of(file, environment),
        out,
        by=By(one_of(by, list(By), option="--by")),
        near=near,
        report=report,
    )
