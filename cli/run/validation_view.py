"""The output of `atelier validate` for a valid run: the recipe of each stage and evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.text import Text

from atelier.recipes.resolve import Recipe
from atelier.runs.checks.check_run import CheckedRun
from atelier.targets.registry import deployment_cost
from config.model import Environment


def recipes(file: Path, environment: Environment, checked: CheckedRun, *, is_valid: bool) -> Text:
    """Each stage and evaluation: what it does, where, on what, and by which recipe."""
    mark, may = (
        (("✓ ", "green"), "may run") if is_valid else (("✗ ", "red"), "is valid except for its datasets")
    )
    line = f"  {checked.run.name} {may} in {environment.name}, {environment.region}"
    text = Text.assemble(mark, (str(file), "bold"), line)
    width = max(map(len, checked.recipes), default=0)
    for path, recipe in checked.recipes.items():
        lines = (_what(path, checked, recipe), _where(recipe), _source(recipe))
        for name, line in zip((path, "", ""), lines, strict=True):
            text.append(f"\n  {name:{width}}  {line}")
    cost = deployment_cost(checked.run)
    if cost:
        text.append(f"\n  {'deployment':{width}}  {cost}")
    return text


def unseen(uris: Sequence[str]) -> Text:
    """The datasets that were not checked here: the run checks them before anything is trained."""
    lines = "\n".join(f"  {uri}" for uri in uris)
    return Text(f"\nnot checked here; the run checks them before it trains:\n{lines}", style="dim")


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
