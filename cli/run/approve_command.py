"""`atelier approve`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName, RunId


def approve(
    run: RunId,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Kept in the run's report.")] = "",
    environment: EnvironmentName = "local",
) -> None:
    """Let a run that waits for approval go on."""
    from cli.run.decide import decide
    from client.connection import connect

    decide(connect(environment), run, approved=True, comment=comment)
