"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from config.environments import ENVIRONMENTS


def _known(name: str) -> str:
    if name not in ENVIRONMENTS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(ENVIRONMENTS)}")
    return name


EnvironmentName = Annotated[
    str,
    typer.Option(
        "--env",
        envvar="ATELIER_ENV",
        metavar="ENV",
        help=f"One of {', '.join(ENVIRONMENTS)}.",
        callback=_known,
    ),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or a run's name for its latest run.")]


def dataset_format(name: str) -> str:
    """The name of a dataset format; wrong usage for any other."""
    from atelier.datasets import Format
    from atelier.problems import nearest

    known = [format_.value for format_ in Format]
    if name not in known:
        raise typer.BadParameter(f"{name!r}: {nearest(name, known)}")
    return name


DatasetFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A path, s3://bucket/key, or - for standard input.")
]


def one_of(value: str, known: Sequence[str], *, option: str) -> str:
    """The value of an option that takes one of a few words; wrong usage for any other."""
    from atelier.problems import nearest

    words = [str(word) for word in known]
    if value not in words:
        raise typer.BadParameter(f"{value!r}: {nearest(value, words)}", param_hint=option)
    return value
