"""`atelier run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import EnvironmentName


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The run file (YAML).")],
    environment: EnvironmentName = "local",
    watch: Annotated[bool, typer.Option("--watch", help="Stay and show the run until it is over.")] = False,
    run_id: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="<name>-<yyyymmddhhmmss>; the same id twice is the same run. Default: now."
        ),
    ] = None,
) -> None:
    """Start a run: validate, train, evaluate, gate, deploy, prove.

    Local dataset paths, relative to FILE, are uploaded. Ctrl-C while watching leaves the run going.
    """
    from datetime import UTC, datetime

    from cli.console import err, out
    from cli.run.start import start_run
    from cli.run.watch import watch_run
    from client.connection import connect

    pipeline = connect(environment)
    started = start_run(pipeline, file, now=datetime.now(UTC), run_id=run_id)
    for warning in started.warnings:
        err.print(f"warning: {warning}", style="yellow", markup=False)
    out.print(f"{started.run_id} {'started' if started.is_new else 'was started before'}")
    if watch:
        raise typer.Exit(watch_run(pipeline, started.run_id))
    out.print(f"follow it: atelier watch {started.run_id} --env {environment}", style="dim", soft_wrap=True)
