"""`atelier report`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName, RunId


def report(
    run: RunId,
    environment: EnvironmentName = "local",
    open_it: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
) -> None:
    """Print a run's scores and the gate's decision, and fetch its HTML report."""
    from cli.console import out
    from cli.run.reports import fetch, summary
    from client.connection import connect

    pipeline = connect(environment)
    fetched = fetch(pipeline, pipeline.run_id(run))
    out.print(summary(fetched.document), soft_wrap=True)
    out.print(f"report: {fetched.path}\n        {fetched.uri}", soft_wrap=True)
    if open_it:
        typer.launch(fetched.path.as_uri())
