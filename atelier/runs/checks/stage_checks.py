"""Check one stage or one evaluation: recipe, settings and placement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from atelier import names
from atelier.platforms.base import JobCluster
from atelier.platforms.clusters import needs_cluster
from atelier.problems import Problem
from atelier.recipes.catalogue import catalogue
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.request import AUTO
from atelier.recipes.resolve import Recipe, examine
from atelier.recipes.rows import SHIPPED
from atelier.runs.checks import early_stopping
from atelier.runs.model import Evaluation, Stage
from atelier.runs.placement import Placement
from atelier.runs.recipe_request import evaluation_request, stage_request
from atelier.runs.recipe_source import HubCatalogues, catalogue_of


@dataclass(frozen=True, kw_only=True)
class CheckContext:
    """The environment to check a run for. `clusters` and `bucket` are None when they are unknown."""

    environment: str
    region: str
    bucket: str | None
    hub: HubCatalogues
    clusters: Sequence[JobCluster] | None
    today: date | None = None

    def placement(self, part: Stage | Evaluation, recipe: Recipe, hub: HubRecipe | None = None) -> Placement:
        """The placement of a part with this recipe."""
        return Placement(part, recipe, self.clusters, self.bucket, hub)


@dataclass
class Findings:
    """Problems and warnings so far; `placements` has the parts with a valid recipe, by field."""

    problems: list[Problem]
    warnings: list[str] = field(default_factory=list)
    placements: dict[str, Placement] = field(default_factory=dict)


def check_stage(base_model: str, stage: Stage, index: int, context: CheckContext, found: Findings) -> None:
    """Check a stage and add the results to `found`."""
    path = f"stages.{index}"
    found.problems += _ended_teacher(stage, path, context)
    rows = catalogue_of(stage.recipe, context.hub)
    if rows is None:
        message = (
            "no recipe of AWS's hub is available; accepted: shipped, or hub after `atelier recipes --sync`"
        )
        found.problems.append(Problem(f"{path}.recipe", message, stage.recipe))
        return
    request = stage_request(
        base_model, stage, index, environment=context.environment, clusters=context.clusters
    )
    resolution = examine(request, rows)
    found.problems += (_of_hub(problem, path, stage) for problem in resolution.problems)
    if resolution.draft:
        found.problems += early_stopping.problems_of(stage, resolution.draft, path=path)
    if resolution.recipe:
        hub = rows.published.get(resolution.recipe.row.template)
        _keep(context.placement(stage, resolution.recipe, hub), path, context, found)
        found.warnings += early_stopping.warnings_of(stage, resolution.recipe, path=path)
        found.warnings += _from_hub(path, resolution.recipe)


def _ended_teacher(stage: Stage, path: str, context: CheckContext) -> Iterator[Problem]:
    """That AWS has ended the teacher, so that every request to it would fail."""
    row = catalogue().base_models.get(stage.teacher or "")
    if row and row.end_of_life and context.today and context.today >= row.end_of_life:
        message = (
            f"AWS ended it on {row.end_of_life:%Y-%m-%d}, and requests to it fail; accepted: {row.successor}"
        )
        yield Problem(f"{path}.teacher", message, stage.teacher, is_combination=True)


def check_evaluation(
    base_model: str,
    evaluation: Evaluation,
    index: int,
    context: CheckContext,
    found: Findings,
    *,
    trained: Placement | None,
) -> None:
    """Check an evaluation and add the results to `found`; `trained` is the run's last stage."""
    path = f"evaluation.{index}"
    placement = _placed_with_stage(trained, base_model, evaluation, index, context)
    if placement is None:
        request = evaluation_request(
            base_model, evaluation, index, environment=context.environment, clusters=context.clusters
        )
        resolution = examine(request, catalogue())
        found.problems += resolution.problems
        if resolution.recipe is None:
            return
        placement = context.placement(evaluation, resolution.recipe)
    _keep(placement, path, context, found)


def _placed_with_stage(
    trained: Placement | None, base_model: str, evaluation: Evaluation, index: int, context: CheckContext
) -> Placement | None:
    """The placement on the last stage's platform; None if not possible, or if the run file sets one."""
    if evaluation.platform != AUTO or trained is None or not needs_cluster(trained.recipe.platform):
        return None
    same = trained.cluster.configured_name if trained.cluster else None
    for cluster in dict.fromkeys((evaluation.cluster or same, evaluation.cluster)):
        part = evaluation.model_copy(update={"platform": trained.recipe.platform, "cluster": cluster})
        request = evaluation_request(
            base_model, part, index, environment=context.environment, clusters=context.clusters
        )
        recipe = examine(request, catalogue()).recipe
        placement = recipe and context.placement(part, recipe)
        if placement and not any(placement.problems("")):
            return placement
    return None


def _keep(placement: Placement, path: str, context: CheckContext, found: Findings) -> None:
    found.placements[path] = placement
    found.problems += placement.problems(path)
    found.warnings += placement.recipe.warnings
    found.warnings += placement.warnings(path)
    found.warnings += _unreachable_function(path, placement.part.reward_lambda_arn, context.region)


def _of_hub(problem: Problem, path: str, stage: Stage) -> Problem:
    """The problem; for a stage with hub recipes, noting that only these were searched."""
    if stage.recipe == SHIPPED or problem.path != path:
        return problem
    return replace(problem, message=f"among the recipes synced from AWS's hub, {problem.message}")


def _from_hub(path: str, recipe: Recipe) -> Iterator[str]:
    """A warning for a recipe that is not from this release."""
    if recipe.origin != SHIPPED:
        yield f"{path}.recipe: {recipe.row.name} is AWS's hub recipe ({recipe.origin}), not the shipped one"


def _unreachable_function(path: str, arn: str | None, region: str) -> Iterator[str]:
    """Warnings if the training role cannot invoke the function (components/pipeline/training_jobs.py)."""
    if arn is None:
        return
    field_path, name = f"{path}.reward_lambda_arn", arn.split(":function:")[-1]
    if arn.split(":")[3] != region:
        yield f"{field_path}: the function must be in the job's region, {region}"
    if not name.startswith(names.REWARD_FUNCTION_PREFIX):
        yield (
            f"{field_path}: the training role may only invoke functions of its account whose names begin "
            f"with {names.REWARD_FUNCTION_PREFIX}; allow it to invoke {name} in the function's own policy"
        )
