"""`atelier data split`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DatasetFile, EnvironmentName


def split(
    file: DatasetFile,
    train: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="The share of NAME.train.jsonl.")
    ] = 0.9,
    validation: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="… of NAME.validation.jsonl.")
    ] = 0.1,
    test: Annotated[float, typer.Option(min=0, max=1, metavar="SHARE", help="… of NAME.test.jsonl.")] = 0.0,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Where to. Default: the folder of FILE.")
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Another seed, another split; the same seed, the same files.")
    ] = 0,
    environment: EnvironmentName = "local",
) -> None:
    """Split a dataset: every tool has its share in every part, and no question is in two of them.

    Lines are kept as they are. NAME.jsonl becomes NAME.train.jsonl, NAME.validation.jsonl, NAME.test.jsonl.
    """
    from cli.console import out as console
    from cli.data.source import source_of
    from cli.data.split import split_source, view

    shares = {"train": train, "validation": validation, "test": test}
    result = split_source(source_of(file, environment), shares, folder=out, seed=seed)
    console.print(view(result))
