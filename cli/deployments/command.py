"""`atelier deployments`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import EnvironmentName


def deployments(
    environment: EnvironmentName = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: one list of objects.")] = False,
) -> None:
    """List what serves: on which target, since when, by which run, and what it costs without calls."""
    from cli.console import out, wide
    from cli.deployments import views
    from client.connection import connect

    found = connect(environment).deployments.all()
    if as_json:
        out.print(views.as_json(found), soft_wrap=True, markup=False)
    elif found:
        wide.print(views.table(found))
    else:
        out.print(f"nothing is deployed in {environment} yet")
