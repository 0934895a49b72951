"""What `atelier validate` says of a run that may start: the recipe behind each of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from atelier.recipes import Recipe
from atelier.runs import CheckedRun
from config.model import Environment


def recipes(file: Path, environment: Environment, checked: CheckedRun) -> RenderableType:
    """A line a stage and evaluation: what it does, where, on what, and by which recipe."""
    run = checked.run
    told = f"  {run.name} may run in {environment.name}, {environment.region}"
    head = Text.assemble(("✓ ", "green"), (str(file), "bold"), told)
    table = Table.grid(padding=(0, 2))
    for path, recipe in checked.recipes.items():
        table.add_row(f"  {path}", _what(path, checked, recipe), Text(f"{_where(recipe)}\n{_source(recipe)}"))
    return Group(head, table)


def unseen(uris: Sequence[str]) -> RenderableType:
    """The datasets that are elsewhere: the run checks them before anything is trained."""
    lines = "\n".join(f"  {uri}" for uri in uris)
    return Text(f"\nnot looked at, because not on this machine or not asked for:\n{lines}", style="dim")


def _what(path: str, checked: CheckedRun, recipe: Recipe) -> str:
    part, _, index = path.partition(".")
    if part == "evaluation":
        return f"{recipe.base_model.name} {checked.run.evaluation[int(index)].task}"
    stage = checked.run.stages[int(index)]
    return " ".join(filter(None, (recipe.base_model.name, stage.technique, recipe.row.adaptation)))


def _where(recipe: Recipe) -> str:
    if recipe.instance_type is None:
        return recipe.platform
    return f"{recipe.platform}, {recipe.replicas} x {recipe.instance_type}"


def _source(recipe: Recipe) -> str:
    return f"{recipe.row.name} ({recipe.origin})"
