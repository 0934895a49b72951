"""`atelier cdk`."""

from __future__ import annotations

import typer

from cli.options import EnvironmentName


def cdk(context: typer.Context, environment: EnvironmentName = "local") -> None:
    """Run the pinned CDK CLI on an environment: `atelier cdk --env local deploy --all`."""
    from cli.env.cdk import run_cdk
    from config.environments import environment_named

    raise typer.Exit(run_cdk(environment_named(environment), context.args))
