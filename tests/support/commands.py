"""Call `atelier` as a person does."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from cli.main import app


def atelier(*arguments: object, typed: str | None = None) -> Result:
    """The outcome of `atelier ARGUMENTS` with `typed` on standard input."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=typed)
