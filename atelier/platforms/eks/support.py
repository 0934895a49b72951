"""Which recipes of the catalogue's platform hyperpod-eks Atelier knows how to submit there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks.hub_payload import needs_services

if TYPE_CHECKING:
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe

_SHIPPED = "shipped"  # recipes.rows.SHIPPED, whose import a cold start need not pay
_LLMFT = "llm_finetuning_aws"
_OF_THE_HUB = "nova_2_rft_hyperpod"


def is_hub_recipe(recipe: Recipe) -> bool:
    """True for a recipe that is submitted as AWS's hub publishes it, and as nothing else."""
    return is_hub_template(recipe.origin, recipe.template.name)


def is_hub_template(origin: str, template: str) -> bool:
    """The same of a resolved stage."""
    return origin != _SHIPPED or template == _OF_THE_HUB


def unsupported_reason(recipe: Recipe, hub: HubRecipe | None) -> str | None:
    """Why a recipe is not submitted, with what would be; None where nothing is in the way.

    `hub` is the recipe as the hub publishes it.
    """
    name, is_open = recipe.row.name, has_open_weights(recipe.base_model.model_type)
    if is_hub_recipe(recipe) and hub is None:
        return (
            f"{name}: its services on hyperpod-eks are as AWS's hub publishes them, and no payload of the "
            "hub is synced; `atelier recipes --sync` fetches it, and recipe: hub in the stage asks for it"
        )
    if is_hub_recipe(recipe) and is_open:
        return (
            f"{name}: the hub's payloads for open weights say nothing of the storage of their files; "
            "use the shipped recipe"
        )
    if hub is not None:
        try:
            needs_services(hub)
        except UnsupportedCombination as error:
            return str(error)
    if is_open and recipe.values.get("run.model_type") != _LLMFT:
        return (
            f"{name}: on hyperpod-eks Atelier runs Nova's recipes and llmft's; how AWS starts this one there "
            "(a RayJob of VERL, an evaluation of open weights, checkpointless training) is not known well "
            "enough; use platform: training-job"
        )
    return None
