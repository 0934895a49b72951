"""`atelier watch`."""

from __future__ import annotations

import typer

from cli.options import EnvironmentName, RunId


def watch(run: RunId, environment: EnvironmentName = "local") -> None:
    """Show a run live until it is over: its steps, losses and what it waits for. Exits as the run ended."""
    from cli.run.watch import watch_run
    from client.connection import connect

    pipeline = connect(environment)
    raise typer.Exit(watch_run(pipeline, pipeline.run_id(run)))
