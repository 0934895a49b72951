"""Render a resolved recipe as the YAML file that its container reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.recipes import data_mixing
from atelier.recipes.document import Entry, dump, fill
from atelier.recipes.resolve import Recipe


def render(recipe: Recipe, *, job_name: str, model: str, inputs: Mapping[str, Any] | None = None) -> str:
    """The recipe as YAML.

    `model` is a base model path (`nova-micro/prod`) or a checkpoint (`s3://customer-escrow-…`). `inputs` has
    the values of other placeholders (rows.Fill), such as the customer_bucket of a distillation.
    """
    return dump(document(recipe, job_name=job_name, model=model, inputs=inputs))


def document(
    recipe: Recipe, *, job_name: str, model: str, inputs: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The recipe as nested mappings, in the template's order."""
    filled = {**fills(recipe), **(inputs or {}), "job_name": job_name, "model": model}
    return fill(entries(recipe), filled, data_mixing=data_mixing_block(recipe), recipe=recipe.row.name)


def entries(recipe: Recipe) -> tuple[Entry, ...]:
    """The keys of the document, each with its value or its placeholder."""
    return tuple(
        Entry(
            key.path,
            recipe.row.default_of(key) if key.filled_with else recipe.values[key.path],
            key.filled_with,
            key.filled_with is not None and not key.has_default,
        )
        for key in recipe.keys
    )


def fills(recipe: Recipe) -> dict[str, Any]:
    """The placeholder values that the recipe determines, without a job."""
    return {
        "hub_name": recipe.base_model.hub_name or "",
        **recipe.inputs,
        "model_type": recipe.base_model.model_type,
        "replicas": recipe.replicas,
    }


def data_mixing_block(recipe: Recipe) -> dict[str, Any] | None:
    """The document's `data_mixing` block; None when the stage uses only the customer's data."""
    return data_mixing.block(recipe.data_mixing) if recipe.data_mixing else None
