"""`atelier demo`."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    platform: Annotated[
        str | None, typer.Option(help="Where the model trains: training-job, hyperpod-eks or hyperpod-slurm.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Where it serves: bedrock-on-demand or bedrock-import.")
    ] = None,
) -> None:
    """Start the embedded cloud, deploy to it, customize the tiny model and talk to it."""
    from cli.demo.demo import show

    raise typer.Exit(show(platform or None, target or None))
