"""Check that recipes and deployment targets are available in the region."""

from __future__ import annotations

from collections.abc import Iterator

from atelier.problems import Problem
from atelier.recipes.catalogue import catalogue
from atelier.recipes.resolve import Recipe
from atelier.recipes.rows import OnTarget
from atelier.runs.checks.stage_order import DISTILLATION
from atelier.runs.model import Stage
from atelier.runs.partial_run import PartialRun

_REGION = "region of the environment"


def region_problems(recipe: Recipe, region: str) -> Iterator[Problem]:
    """A problem if the recipe's platform or container is not in the region."""
    regions = recipe.row.platforms[recipe.platform].regions
    message = f"{recipe.row.name} runs on {recipe.platform} in {', '.join(regions)}"
    if recipe.image and not regions:
        regions = recipe.images.regions_of(recipe.image)
        message = f"AWS publishes the container {recipe.image} in {', '.join(regions)}"
    if regions and region not in regions:
        yield Problem(_REGION, message, region, is_combination=True)


def region_warnings(recipe: Recipe, region: str) -> Iterator[str]:
    """A warning if only some of AWS's sources list the recipe's container in the region."""
    dispute = recipe.images.dispute_of(recipe.image, region) if recipe.image else None
    if dispute:
        yield f"{_REGION} = {region!r}: accepted, although {dispute}"


def deployment_problems(partial: PartialRun, region: str) -> Iterator[Problem]:
    """A problem if the target does not serve the run's model, or not in the region."""
    rows = catalogue()
    base_model = rows.base_models.get(partial.base_model or "")
    if partial.deployment is None:
        return
    target = partial.deployment.target
    adaptations = [stage.adaptation for stage in _trained(partial)]
    if base_model is None or not base_model.customizable or not adaptations:
        return
    served = base_model.deployments.get(target)
    if served is None or adaptations[-1] not in served.adaptations:
        others = ", ".join(
            name
            for name, target_row in base_model.deployments.items()
            if adaptations[-1] in target_row.adaptations
        )
        message = (
            f"does not serve {base_model.name} with adaptation {adaptations[-1]}; "
            f"accepted: {others or 'none'}"
        )
        yield Problem("deployment.target", message, target, is_combination=True)
    elif served.regions and region not in served.regions + served.disputed_regions:
        message = f"{target} serves {base_model.name} in {', '.join(served.regions)}"
        yield Problem(_REGION, message, region, is_combination=True)


def deployment_warnings(partial: PartialRun, region: str) -> Iterator[str]:
    """A warning if only some of AWS's sources list the target in the region."""
    served = _served(partial)
    if served and region in served.disputed_regions:
        assert partial.deployment
        target = partial.deployment.target
        yield f"deployment.target = {target!r} in {region}: accepted, although {served.note}"


def _served(partial: PartialRun) -> OnTarget | None:
    base_model = catalogue().base_models.get(partial.base_model or "")
    return (
        base_model.deployments.get(partial.deployment.target) if base_model and partial.deployment else None
    )


def _trained(partial: PartialRun) -> list[Stage]:
    return [partial.stages[i] for i in sorted(partial.stages) if partial.stages[i].technique != DISTILLATION]
