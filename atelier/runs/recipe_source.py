"""The catalogue for a stage's recipe: shipped, or with recipes of AWS's hub.

`atelier run` copies the synced hub recipe into the bucket, named by its SHA-256, and writes its address into
the run. A later sync therefore does not change the run.
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
# Keys are values of a stage's `recipe`: an address, or `hub` if the synced recipes are available.
HubCatalogues = Mapping[str, Catalogue]
NO_HUB: HubCatalogues = {}


def catalogue_of(recipe: str, hub: HubCatalogues) -> Catalogue | None:
    """The catalogue for a stage's `recipe`; None if the recipe is not available."""
    return catalogue() if recipe == SHIPPED else hub.get(recipe)


def known_catalogue_of(recipe: str, hub: HubCatalogues) -> Catalogue:
    """The same for a checked run. InvalidRun if the recipe is not available any more."""
    rows = catalogue_of(recipe, hub)
    if rows is None:
        raise InvalidRun(
            f"recipe = {recipe!r}: the hub recipe that the run was started with is missing or unreadable; "
            "start a new run"
        )
    return rows


def hub_of(run: object, read: Callable[[str], bytes]) -> dict[str, Catalogue]:
    """The hub recipes whose addresses occur in a run's document, with their hash verified.

    The document may be malformed. `read` is `Objects.read`, called only for such addresses.
    """
    recipes = {uri: read_hub_recipe(uri, read) for uri in dict.fromkeys(_addresses(run))}
    return {uri: with_hub_recipes(catalogue(), [recipe]) for uri, recipe in recipes.items() if recipe}


def _addresses(run: object) -> Iterator[str]:
    stages = run.get("stages") if isinstance(run, Mapping) else None
    for stage in stages if isinstance(stages, list | tuple) else ():
        recipe: Any = stage.get("recipe") if isinstance(stage, Mapping) else None
        if isinstance(recipe, str) and names.HUB_RECIPE_ADDRESS.fullmatch(recipe):
            yield recipe
