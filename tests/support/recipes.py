"""Recipes as a run file that asks for nothing but them would get them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from atelier.errors import AtelierError, InvalidRun
from atelier.recipes import Catalogue, Recipe, RecipeRequest, catalogue, resolve
from atelier.recipes.catalogue import Rows
from atelier.recipes.request import JUDGE
from atelier.recipes.rows import EvaluationRow, RecipeRow, TrainingRow

REWARD_FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:SageMaker-reward"
ROWS: list[RecipeRow] = [*catalogue().training, *catalogue().evaluation]


def only(row: RecipeRow) -> Catalogue:
    """The catalogue with a single recipe: others may be for the same wish, and cheaper."""
    return replace(
        catalogue(),
        training=Rows.fixed([row] if isinstance(row, TrainingRow) else []),
        evaluation=Rows.fixed([row] if isinstance(row, EvaluationRow) else []),
    )


def wish_for(row: RecipeRow, **changes: Any) -> RecipeRequest:
    """What a run file says to get the row, on the first of its platforms."""
    base_model = row.base_model
    wanted: dict[str, Any] = {"path": "stages.0", "platforms_here": tuple(row.platforms)}
    if isinstance(row, TrainingRow):
        base_model = row.students[0] if row.students else row.base_model
        wanted |= {"technique": row.technique, "adaptation": row.adaptation or "lora"}
        if row.reward == "judge":
            wanted["settings"] = {JUDGE: "bedrock/openai.gpt-oss-20b-1:0"}
    if isinstance(row, EvaluationRow):
        wanted |= {"path": "evaluation.0", "task": row.tasks[0], "settings_field": "inference"}
    wanted |= {"base_model": base_model, "platform": (platforms_of(row) or [*row.platforms])[0]}
    environments = catalogue().base_models[base_model].environments or ("dev",)
    if any(key.filled_with == "reward_lambda_arn" for key in keys_of(row)):
        wanted["inputs"] = {"reward_lambda_arn": REWARD_FUNCTION}
    wanted |= {"environment": environments[0]} | changes
    return RecipeRequest(**wanted)


def has_a_file(row: RecipeRow) -> bool:
    """True when this release can write the recipe's file."""
    return catalogue().templates[row.template].not_rendered is None


def platforms_of(row: RecipeRow) -> list[str]:
    """Where it can run: without a file on managed platforms only, which read none."""
    return [name for name in row.platforms if has_a_file(row) or catalogue().release.is_managed(name)]


def keys_of(row: RecipeRow) -> tuple[Any, ...]:
    """The keys of the row's recipe."""
    return row.keys_of(catalogue().templates[row.template])


def default_recipe(row: RecipeRow, **changes: Any) -> Recipe:
    """The row's recipe with nothing set."""
    return resolve(wish_for(row, **changes), only(row))


def a_wish(**changes: Any) -> RecipeRequest:
    """SFT LoRA of Nova Micro in an AWS account."""
    wanted: dict[str, Any] = {
        "path": "stages.0",
        "base_model": "nova-micro",
        "environment": "dev",
        "technique": "sft",
        "adaptation": "lora",
    }
    return RecipeRequest(**wanted | changes)


def recipe(**changes: Any) -> Recipe:
    """What the catalogue makes of a wish."""
    return resolve(a_wish(**changes), catalogue())


def refusal(kind: type[AtelierError] = InvalidRun, **changes: Any) -> str:
    """What the catalogue says to a wish that it refuses."""
    with pytest.raises(kind) as refused:
        recipe(**changes)
    return str(refused.value)


def value(chosen: Recipe, name: str) -> Any:
    """A setting of a recipe by its name."""
    return next(chosen.values[key.path] for key in chosen.keys if key.name == name)
