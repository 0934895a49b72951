"""Requirements of a recipe on its data beyond the format: rows, reasoning, media, sizes.

Sources: Amazon Nova user guides (data preparation for SFT, RFT and distillation), Amazon Bedrock quotas, and
the row counts that the Nova Forge SDK holds training files to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from atelier.datasets.formats.registry import Format, documented
from atelier.datasets.rules.requirements import Bound, Requirements
from atelier.recipes import Recipe

_NOVA_2 = "amazon.nova-2-"
_TAKES_MEDIA = {"nova-lite", "nova-pro", "nova-premier", "nova-2-lite"}
_TAKES_DOCUMENTS = {"nova-2-lite"}

_BEDROCK_ROWS = Bound(20_000, "the rows that Bedrock takes")


def training_requirements(recipe: Recipe, technique: str) -> Requirements:
    """Requirements on a stage's `train`."""
    guide = documented(Format(recipe.template.dataset or technique))
    return replace(
        guide,
        min_rows=guide.min_rows or _min_rows(recipe, technique),
        max_rows=guide.max_rows or (_BEDROCK_ROWS if recipe.platform == "bedrock" else None),
        reasoning=_reasoning(recipe),
        documents=_documents(recipe),
        media=_media(recipe),
    )


def validation_requirements(recipe: Recipe) -> Requirements:
    """Requirements on a stage's `validation`: AWS counts the rows of training files only."""
    return Requirements(reasoning=_reasoning(recipe), documents=_documents(recipe), media=_media(recipe))


def evaluation_requirements(recipe: Recipe) -> Requirements:
    """Requirements on an evaluation's `dataset`."""
    return Requirements(documents=_documents(recipe), media=_media(recipe))


def _min_rows(recipe: Recipe, technique: str) -> Bound | None:
    model, is_nova_2 = recipe.base_model.name, recipe.base_model.model_type.startswith(_NOVA_2)
    if technique != "sft":
        return None
    if recipe.platform == "bedrock":
        return Bound(200 if is_nova_2 else 8, f"what Bedrock needs to fine-tune {model}")
    batch = _value(recipe, "global_batch_size")
    return Bound(batch, f"one batch (global_batch_size {batch})") if is_nova_2 and batch else None


def _reasoning(recipe: Recipe) -> Literal["required", "refused"]:
    return "required" if _value(recipe, "reasoning_enabled") else "refused"


def _media(recipe: Recipe) -> bool:
    return recipe.base_model.name in _TAKES_MEDIA


def _documents(recipe: Recipe) -> bool:
    return recipe.base_model.name in _TAKES_DOCUMENTS


def _value(recipe: Recipe, name: str) -> Any:
    """The recipe's value of a hyperparameter; None where it has no such key."""
    return next((recipe.values[key.path] for key in recipe.keys if key.name == name), None)
