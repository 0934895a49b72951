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
    from cli.connection import connect
    from cli.deciding import decide

    decide(connect(environment), run, approved=False, comment=comment)
