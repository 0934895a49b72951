"""What can be known wrong about one stage or one evaluation: its recipe, its settings, its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

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
    """Where a run is to go down the line. Of `clusters` and a `bucket` that are None nothing is known."""

    environment: str
    region: str
    bucket: str | None
    hub: HubCatalogues
    clusters: Sequence[JobCluster] | None

    def placement(self, part: Stage | Evaluation, recipe: Recipe, hub: HubRecipe | None = None) -> Placement:
        """Where a part with this recipe goes."""
        return Placement(part, recipe, self.clusters, self.bucket, hub)


@dataclass
class Findings:
    """What was found so far; `placements` are the parts, by field, with nothing wrong about their recipe."""

    problems: list[Problem]
    warnings: list[str] = field(default_factory=list)
    placements: dict[str, Placement] = field(default_factory=dict)


def check_stage(base_model: str, stage: Stage, index: int, context: CheckContext, found: Findings) -> None:
    """Put what there is to say of a stage into `found`."""
    path = f"stages.{index}"
    rows = catalogue_of(stage.recipe, context.hub)
    if rows is None:
        message = "no recipe of AWS's hub is here; accepted: shipped, or hub after `atelier recipes --sync`"
        found.problems.append(Problem(f"{path}.recipe", message, stage.recipe))
        return
    wanted = stage_request(
        base_model, stage, index, environment=context.environment, clusters=context.clusters
    )
    resolution = examine(wanted, rows)
    found.problems += (_of_hub(problem, path, stage) for problem in resolution.problems)
    if resolution.draft:
        found.problems += early_stopping.problems_of(stage, resolution.draft, path=path)
    if resolution.recipe:
        hub = rows.published.get(resolution.recipe.row.template)
        _keep(context.placement(stage, resolution.recipe, hub), path, context, found)
        found.warnings += early_stopping.warnings_of(stage, resolution.recipe, path=path)
        found.warnings += _from_hub(path, resolution.recipe)


def check_evaluation(
    base_model: str,
    evaluation: Evaluation,
    index: int,
    context: CheckContext,
    found: Findings,
    *,
    trained: Placement | None,
) -> None:
    """The same for an evaluation; `trained` is the run's last stage."""
    path = f"evaluation.{index}"
    placement = _beside(trained, base_model, evaluation, index, context)
    if placement is None:
        wanted = evaluation_request(
            base_model, evaluation, index, environment=context.environment, clusters=context.clusters
        )
        resolution = examine(wanted, catalogue())
        found.problems += resolution.problems
        if resolution.recipe is None:
            return
        placement = context.placement(evaluation, resolution.recipe)
    _keep(placement, path, context, found)


def _beside(
    trained: Placement | None, base_model: str, evaluation: Evaluation, index: int, context: CheckContext
) -> Placement | None:
    """Where the last stage trains, if nobody says otherwise and the evaluation can be there too."""
    if evaluation.platform != AUTO or trained is None or not needs_cluster(trained.recipe.platform):
        return None
    same = trained.cluster.configured_name if trained.cluster else None
    for cluster in dict.fromkeys((evaluation.cluster or same, evaluation.cluster)):
        part = evaluation.model_copy(update={"platform": trained.recipe.platform, "cluster": cluster})
        wanted = evaluation_request(
            base_model, part, index, environment=context.environment, clusters=context.clusters
        )
        recipe = examine(wanted, catalogue()).recipe
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
    """What does not exist in the hub may well be shipped."""
    if stage.recipe == SHIPPED or problem.path != path:
        return problem
    return replace(problem, message=f"among the recipes synced from AWS's hub, {problem.message}")


def _from_hub(path: str, recipe: Recipe) -> Iterator[str]:
    """What a run's report says of a recipe that this release did not ship."""
    if recipe.origin != SHIPPED:
        yield f"{path}.recipe: {recipe.row.name} as AWS's hub published it ({recipe.origin}), not as shipped"


def _unreachable_function(path: str, arn: str | None, region: str) -> Iterator[str]:
    """What the training role was not given (components/pipeline/training_jobs.py)."""
    if arn is None:
        return
    place, name = f"{path}.reward_lambda_arn", arn.split(":function:")[-1]
    if arn.split(":")[3] != region:
        yield f"{place}: the function is in another region than the job, which looks for it in {region}"
    if not name.startswith(names.REWARD_FUNCTION_PREFIX):
        yield (
            f"{place}: the training role may invoke functions of its account whose names begin with "
            f"{names.REWARD_FUNCTION_PREFIX}; let it invoke {name} in the function's own policy"
        )
