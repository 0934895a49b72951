"""Which catalogue the recipe of a stage is looked up in: the shipped one, or a recipe of AWS's hub.

A recipe of the hub travels with the run: `atelier run` puts the one that was synced into the bucket, named by
its content, and its address into the run. So no later sync changes what a run does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from atelier import names
from atelier.errors import InvalidRun
from atelier.recipes.catalogue import Catalogue, catalogue
from atelier.recipes.hub.recipe import read_hub_recipe
from atelier.recipes.hub_catalogue import with_hub_recipes
from atelier.recipes.rows import SHIPPED

HUB = "hub"
# By what a stage's `recipe` says: an address, or `hub` where the synchronized recipes are at hand.
HubCatalogues = Mapping[str, Catalogue]
NO_HUB: HubCatalogues = {}


def catalogue_of(recipe: str, hub: HubCatalogues) -> Catalogue | None:
    """The catalogue for what a stage's `recipe` says; None when the recipe is not at hand."""
    return catalogue() if recipe == SHIPPED else hub.get(recipe)


def known_catalogue_of(recipe: str, hub: HubCatalogues) -> Catalogue:
    """The same for a run that was checked. InvalidRun when the recipe is not at hand any more."""
    rows = catalogue_of(recipe, hub)
    if rows is None:
        raise InvalidRun(
            f"recipe = {recipe!r}: the recipe of AWS's hub that the run was started with is gone"
        )
    return rows


def hub_of(run: object, read: Callable[[str], bytes]) -> dict[str, Catalogue]:
    """The hub recipes that a run's document, however malformed, names by address; verified.

    `read` is `Objects.read`, called for such addresses only.
    """
    recipes = {uri: read_hub_recipe(uri, read) for uri in dict.fromkeys(_addresses(run))}
    return {uri: with_hub_recipes(catalogue(), [recipe]) for uri, recipe in recipes.items() if recipe}


def _addresses(run: object) -> Iterator[str]:
    stages = run.get("stages") if isinstance(run, Mapping) else None
    for stage in stages if isinstance(stages, list | tuple) else ():
        recipe: Any = stage.get("recipe") if isinstance(stage, Mapping) else None
        if isinstance(recipe, str) and names.HUB_RECIPE_ADDRESS.fullmatch(recipe):
            yield recipe
