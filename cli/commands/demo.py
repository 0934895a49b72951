"""`atelier demo`."""

from __future__ import annotations

import typer


def demo() -> None:
    """Start the embedded cloud, deploy to it, customize the tiny model and talk to it."""
    from cli.demo import show

    raise typer.Exit(show())
