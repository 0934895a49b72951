"""The container images of a recipe's job on EKS, by role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination
from atelier.platforms.resolved_stage import MAIN_IMAGE

if TYPE_CHECKING:
    from atelier.recipes.catalogue import Catalogue
    from atelier.recipes.resolve import Recipe
    from atelier.recipes.rows import OnPlatform

INIT = "init"
GENERATION = "actor_generation"
_INIT_IMAGE = "nova-init-hp"


def images_of(recipe: Recipe, shipped: Catalogue, region: str) -> dict[str, str]:
    """Addresses by role; UnsupportedCombination where AWS publishes none in the region."""
    containers = _containers(recipe, shipped)
    assert containers.image is not None, f"{recipe.row.name} has no image on {recipe.platform}"
    named = {MAIN_IMAGE: containers.image, INIT: _INIT_IMAGE, **containers.more_images}
    return {role: shipped.images.uri(image, region) for role, image in named.items()}


def _containers(recipe: Recipe, shipped: Catalogue) -> OnPlatform:
    """The images of the shipped recipe of the same name.

    The hub publishes only the images of training jobs.
    """
    base_model = recipe.base_model.name
    for row in (*shipped.training_of(base_model), *shipped.evaluation_of(base_model)):
        if row.name == recipe.row.name and recipe.platform in row.platforms:
            return row.platforms[recipe.platform]
    raise UnsupportedCombination(
        f"{recipe.row.name}: no shipped recipe has this name on {recipe.platform}, so its container "
        "images are unknown; use a shipped recipe"
    )
