"""`atelier runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName

COLUMNS = ("run", "status", "base model", "started (UTC)", "took")


def runs(
    environment: EnvironmentName = "local",
    count: Annotated[int, typer.Option(min=1, max=100, help="How many, newest first.")] = 20,
) -> None:
    """List the latest runs."""
    from datetime import UTC, datetime

    from rich.table import Column, Table
    from rich.text import Text

    from cli import rendering
    from cli.console import out, wide
    from client.connection import connect

    executions = connect(environment).executions.latest(count)
    if not executions:
        out.print(f"no runs in {environment} yet")
        return
    now = datetime.now(UTC)
    table = Table(*(Column(name, no_wrap=True) for name in COLUMNS), box=None, pad_edge=False)
    for execution in executions:
        took = (execution.ended_at or now) - execution.started_at
        table.add_row(
            execution.run_id,
            rendering.status(execution.status) if execution.is_over else Text("running", style="cyan"),
            str(execution.run.get("base_model", "")),
            execution.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M"),
            rendering.duration(took.total_seconds()),
        )
    wide.print(table)
