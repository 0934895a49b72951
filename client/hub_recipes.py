"""Synced recipes of a run: read from the cache for stages with `recipe: hub`, uploaded with the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from atelier import names
from atelier.recipes.catalogue import catalogue
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.hub_catalogue import with_hub_recipes
from atelier.runs.checks.check_run import CheckedRun
from atelier.runs.recipe_source import HUB, HubCatalogues
from client.hub_cache import HubCache


def synced_recipes(document: Any, region: str, cache: Path | None = None) -> tuple[HubRecipe, ...]:
    """The synced recipes of a region, if a stage of the run file's document uses one."""
    stages = document.get("stages") if isinstance(document, Mapping) else None
    uses_hub = isinstance(stages, list) and any(
        isinstance(stage, Mapping) and stage.get("recipe") == HUB for stage in stages
    )
    return HubCache.of_region(region, cache).recipes() if uses_hub else ()


def hub_catalogues(recipes: Sequence[HubRecipe]) -> HubCatalogues:
    """The catalogue for stages that say `recipe: hub`."""
    return {HUB: with_hub_recipes(catalogue(), recipes)} if recipes else {}


def sent_along(
    document: Any, checked: CheckedRun, recipes: Sequence[HubRecipe], uri: Callable[[str], str]
) -> dict[str, HubRecipe]:
    """The recipes that the checked run takes from the hub, by the addresses that its document now has.

    A later sync changes neither: the address is made of the content.
    """
    by_row = {recipe.row_name: recipe for recipe in recipes}
    sent = {}
    for index, stage in enumerate(document["stages"]):
        recipe = by_row.get(checked.recipes[f"stages.{index}"].row.template)
        if stage.get("recipe") == HUB and recipe:
            stage["recipe"] = uri(names.hub_recipe_key(recipe.sha256))
            sent[stage["recipe"]] = recipe
    return sent
