"""`atelier watch`."""

from __future__ import annotations

import typer

from cli.options import EnvironmentName, RunId


def watch(run: RunId, environment: EnvironmentName = "local") -> None:
    """Show a run live until it is over: its steps, losses and what it waits for. Exits as the run ended."""
    from cli.connection import connect
    from cli.watching import watch_run

    line = connect(environment)
    raise typer.Exit(watch_run(line, line.run_id(run)))
