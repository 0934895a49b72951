"""Options and arguments that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer


def _known(name: str) -> str:
    from config.environments import ENVIRONMENTS

    if name not in ENVIRONMENTS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(ENVIRONMENTS)}")
    return name


EnvironmentName = Annotated[
    str,
    typer.Option(
        "--env", envvar="ATELIER_ENV", metavar="ENV", help="local, dev, staging or prod.", callback=_known
    ),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a run's name for its latest run.")]
