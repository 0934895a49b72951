"""`atelier reject`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName, RunId


def reject(
    run: RunId,
    comment: Annotated[str, typer.Option("--comment", "-m", help="Kept in the run's report.")] = "",
    environment: EnvironmentName = "local",
) -> None:
    """End a run that waits for approval as REJECTED."""
    from cli.run.decide import decide
    from client.connection import connect

    decide(connect(environment), run, approved=False, comment=comment)
