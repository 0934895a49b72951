"""Which of the catalogue's hyperpod-eks recipes Atelier can submit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks.hub_payload import needs_services

if TYPE_CHECKING:
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe

_SHIPPED = "shipped"  # recipes.rows.SHIPPED, without its import in a cold start
_LLMFT = "llm_finetuning_aws"
_OF_THE_HUB = "nova_2_rft_hyperpod"


def is_hub_recipe(recipe: Recipe) -> bool:
    """True for a recipe that can only be submitted as the payload of AWS's hub."""
    return is_hub_template(recipe.origin, recipe.template.name)


def is_hub_template(origin: str, template: str) -> bool:
    """The same for the origin and template of a resolved stage."""
    return origin != _SHIPPED or template == _OF_THE_HUB


def unsupported_reason(recipe: Recipe, hub: HubRecipe | None) -> str | None:
    """Why a recipe cannot be submitted, and an alternative; None if it can.

    `hub` is the recipe as the hub publishes it.
    """
    name, is_open = recipe.row.name, has_open_weights(recipe.base_model.model_type)
    if is_hub_recipe(recipe) and hub is None:
        return (
            f"{name}: on hyperpod-eks it needs the payload of AWS's hub, which is not synced; run "
            "`atelier recipes --sync` and set recipe: hub in the stage"
        )
    if is_hub_recipe(recipe) and is_open:
        return (
            f"{name}: the hub's payloads for open weights do not define the storage of their files; "
            "use the shipped recipe"
        )
    if hub is not None:
        try:
            needs_services(hub)
        except UnsupportedCombination as error:
            return str(error)
    if is_open and recipe.values.get("run.model_type") != _LLMFT:
        return (
            f"{name}: on hyperpod-eks Atelier runs only Nova's and llmft's recipes, not RayJobs of VERL, "
            "evaluations of open weights or checkpointless training, whose start by AWS is not documented "
            "well enough; use platform: training-job"
        )
    return None
