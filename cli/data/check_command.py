"""`atelier data check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cli.data.formats_in_help import FORMATS
from cli.options import EnvironmentName, dataset_format


def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A path, s3://bucket/key, or - for standard input.")
    ],
    technique: Annotated[
        str,
        typer.Option(
            "--technique",
            "-t",
            metavar="FORMAT",
            callback=dataset_format,
            help=f"What the rows are for: {FORMATS}.",
        ),
    ],
    base_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Hold the file also to what this model's recipe asks.")
    ] = None,
    global_batch_size: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="There must be a row for each place in a batch.")
    ] = None,
    findings: Annotated[
        Path | None,
        typer.Option(metavar="OUT.jsonl", help="Write every finding here, one JSON object a line."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, metavar="N", help="Processes, for a file; 0: one a core.")
    ] = 1,
    against: Annotated[
        Path | None,
        typer.Option(metavar="EVAL.jsonl", help="Find rows that are, exactly or nearly, in this evaluation."),
    ] = None,
    against_technique: Annotated[
        str,
        typer.Option(metavar="FORMAT", callback=dataset_format, help="What the rows of EVAL.jsonl are for."),
    ] = "gen_qa",
    environment: EnvironmentName = "local",
) -> None:
    """Check a dataset: every rule, every row, in one pass and flat memory.

    Exits with 0 when nothing refuses the file (warnings are shown), with 1 when something does, with 2 when
    it cannot be read.
    """
    from atelier.datasets import Format
    from cli.console import out
    from cli.data.check import check_source
    from cli.data.findings import view
    from cli.data.requirements import file_requirements, leakage
    from cli.data.source import source_of
    from cli.exit_codes import ExitCode

    source = source_of(file, environment)
    format_ = Format(technique)
    report = check_source(
        source,
        format_,
        file_requirements(format_, base_model, global_batch_size),
        jobs=jobs or os.cpu_count() or 1,
        findings=findings,
        observers=leakage(against, Format(against_technique), format_),
    )
    out.print(view(report), soft_wrap=True)
    if findings and report.total:
        out.print(f"\nall {report.total:,}: {findings}", style="dim", soft_wrap=True)
    raise typer.Exit(ExitCode.OK if report.is_valid else ExitCode.FAILED)
