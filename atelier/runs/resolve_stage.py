"""Resolve a part of the run file and its recipe into a resolved stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.operations.early_stopping import StopPolicy
from atelier.platforms.container import TRAIN, VALIDATION
from atelier.platforms.registry import platform_named
from atelier.platforms.resolved_stage import Instance, ResolvedStage
from atelier.recipes.catalogue import catalogue
from atelier.recipes.render import data_mixing_block, entries, fills
from atelier.recipes.resolve import Recipe
from atelier.recipes.rows import SHIPPED, TrainingRow
from atelier.runs.model import EarlyStopping, Evaluation, Stage


def resolve_part(
    part: Stage | Evaluation, recipe: Recipe, *, field: str, cluster: str | None, region: str
) -> ResolvedStage:
    """A resolved stage or evaluation. UnsupportedCombination if an image is not in the region."""
    if isinstance(part, Stage):
        data = {TRAIN: part.train, VALIDATION: part.validation}
        stop_policy = _stop_policy(recipe, part.early_stopping)
        hub = part.recipe if part.recipe != SHIPPED else None
        format_ = recipe.template.dataset
    else:
        own = catalogue().tasks[part.task].dataset
        data, stop_policy, hub, format_ = {TRAIN: part.dataset}, None, None, own.format if own else None
    images = platform_named(recipe.platform).images(recipe, catalogue(), region)
    return resolve_recipe(
        recipe,
        field=field,
        cluster=cluster,
        images=images,
        dataset_format=format_,
        data={name: uri for name, uri in data.items() if uri},
        max_runtime_hours=part.max_runtime_hours,
        stop_policy=stop_policy,
        hub_recipe_uri=hub,
    )


def resolve_recipe(
    recipe: Recipe, *, field: str = "", max_runtime_hours: float = 0, **known: Any
) -> ResolvedStage:
    """A resolved stage with the fields that the recipe determines; `known` has further fields."""
    row, base_model = recipe.row, recipe.base_model
    return ResolvedStage(
        **{
            "field": field,
            "recipe": row.name,
            "origin": recipe.origin,
            "template": recipe.template.name,
            "platform": recipe.platform,
            "technique": row.technique if isinstance(row, TrainingRow) else None,
            "adaptation": row.adaptation,
            "base_model": base_model.name,
            "base_model_path": base_model.model,
            "model_type": str(recipe.values.get("run.model_type", base_model.model_type)),
            "entries": entries(recipe),
            "fills": fills(recipe),
            "settings": _settings(recipe),
            "data_mixing": data_mixing_block(recipe),
            "instance": _instance(recipe),
            "replicas": recipe.replicas,
            "dataset_format": recipe.template.dataset,
            "max_runtime_hours": max_runtime_hours,
            **known,
        }
    )


def _settings(recipe: Recipe) -> Mapping[str, Any]:
    return {
        key.name: recipe.values[key.path] for key in recipe.keys if key.name and key.path in recipe.values
    }


def _instance(recipe: Recipe) -> Instance | None:
    if recipe.instance_type is None:
        return None
    row = catalogue().instance_types[recipe.instance_type]
    return Instance(name=row.name, accelerators=row.accelerators, efa_devices=row.efa_devices)


def _stop_policy(recipe: Recipe, early_stopping: EarlyStopping | None) -> StopPolicy | None:
    """The run file's early stopping with the recipe's checkpoint interval and loss keys."""
    checkpoints = recipe.template.checkpoints
    if early_stopping is None or checkpoints is None or checkpoints.measured_by is None:
        return None
    return StopPolicy(
        patience=early_stopping.patience,
        min_delta=early_stopping.min_delta,
        saved_every=_settings(recipe)[checkpoints.saved_by],
        loss_keys=checkpoints.loss_keys,
    )
