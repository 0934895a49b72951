"""`atelier validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import EnvironmentName


def validate(
    file: Annotated[Path, typer.Argument(metavar="RUN", help="The run file (YAML).")],
    environment: EnvironmentName = "local",
    with_data: Annotated[
        bool, typer.Option("--data/--no-data", help="Check the datasets that lie on this machine, too.")
    ] = True,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", envvar="ATELIER_HUB_CACHE", help="Where recipes from AWS's hub are kept."
        ),
    ] = None,
) -> None:
    """Check a run file and its datasets without AWS, a network or a deployed stack.

    Exits with 2 when the run or a dataset of it is refused.
    """
    from cli.console import err, out
    from cli.data.findings import view
    from cli.exit_codes import ExitCode
    from cli.run.validate import validate_file
    from cli.run.validation_view import recipes, unseen
    from config.environments import environment_named

    here = environment_named(environment)
    validated = validate_file(file, here, with_data=with_data, cache=cache)
    if validated.checked:
        out.print(recipes(file, here, validated.checked, is_valid=validated.is_valid), soft_wrap=True)
        for warning in validated.checked.warnings:
            err.print(f"warning: {warning}", style="yellow", markup=False, soft_wrap=True)
    else:
        err.print(validated.refusal, style="red", markup=False, soft_wrap=True)
    for report in validated.reports:
        out.print("", view(report), sep="\n", soft_wrap=True)
    if validated.not_looked_at:
        out.print(unseen(validated.not_looked_at), soft_wrap=True)
    raise typer.Exit(ExitCode.OK if validated.is_valid else ExitCode.INVALID)
