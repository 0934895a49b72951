"""The shipped catalogue with training recipes of SageMakerPublicHub."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from atelier.recipes.catalogue import Catalogue, Rows
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.images import Images
from atelier.recipes.rows import Template


def with_hub_recipes(catalogue: Catalogue, recipes: Iterable[HubRecipe]) -> Catalogue:
    """The catalogue with the hub's training recipes instead of the shipped recipes."""
    recipes = tuple(recipes)
    images = [found for recipe in recipes if (found := recipe.image())]
    return replace(
        catalogue,
        templates={recipe.row_name: recipe.template_row(_sibling(recipe, catalogue)) for recipe in recipes},
        training=Rows.fixed([recipe.row() for recipe in recipes]),
        evaluation=Rows.fixed([]),
        published={recipe.row_name: recipe for recipe in recipes},
        images=Images(
            registries=tuple(registry for registry, _ in images), images=tuple(image for _, image in images)
        ),
    )


def _sibling(recipe: HubRecipe, catalogue: Catalogue) -> Template | None:
    """The shipped template of the same name, else one of the same base model and technique."""
    shipped = [row for row in catalogue.training_of(recipe.base_model) if row.technique == recipe.technique]
    nearest = min(shipped, key=lambda row: row.name != recipe.name, default=None)
    return catalogue.templates[nearest.template] if nearest else None
