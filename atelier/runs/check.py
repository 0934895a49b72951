"""Everything that can be known wrong about a run before it starts, in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from atelier import names
from atelier.errors import InvalidRun
from atelier.problems import Problem, raise_for
from atelier.recipes import Recipe, catalogue, examine
from atelier.recipes.rows import SHIPPED
from atelier.runs import early_stopping
from atelier.runs.model import Evaluation, Run, Stage
from atelier.runs.parse import SUBJECT, shape_problems
from atelier.runs.parts import Parts
from atelier.runs.places import deployment_problems, deployment_warnings, region_problems, region_warnings
from atelier.runs.rules import problems_of
from atelier.runs.sources import NO_HUB, HubCatalogues, catalogue_of
from atelier.runs.wanted import wanted_by_evaluation, wanted_by_stage

# Dots in the path of a field such as stages.0.data_mixing.
_DEPTH_OF_FIELDS = 2


@dataclass(frozen=True)
class CheckedRun:
    """A run that may start, and its recipes by field (`stages.0`, `evaluation.0`).

    `warnings`: what is accepted although risky, or disputed by AWS's own sources.
    """

    run: Run
    warnings: tuple[str, ...]
    recipes: Mapping[str, Recipe]


@dataclass
class _Findings:
    problems: list[Problem]
    warnings: list[str] = field(default_factory=list)
    recipes: dict[str, Recipe] = field(default_factory=dict)


def check_run(
    data: object,
    *,
    environment: str,
    region: str,
    bucket: str | None,
    run_id: str | None = None,
    hub: HubCatalogues = NO_HUB,
    known: Sequence[Problem] = (),
) -> CheckedRun:
    """The run with its defaults filled in. InvalidRun or UnsupportedCombination tells every problem at once.

    The well-formed fields of a malformed file are held to the rules and the catalogue too: one reading of the
    message is enough. Without a bucket the datasets may lie anywhere; `hub` has recipes of AWS's hub.
    `known` is what is wrong with fields already, and the last word on them.
    """
    if not isinstance(data, Mapping):
        problem = Problem("(the file)", "must be a mapping of keys such as name, base_model, stages", data)
        raise InvalidRun(f"{SUBJECT}: {problem}")
    run, malformed = _read(data)
    parts = Parts.of(data)
    found = _Findings(list(problems_of(parts, bucket=bucket)))
    if parts.base_model is not None:
        for index, stage in parts.stages.items():
            _check_stage(parts.base_model, stage, index, environment, region, hub, found)
        for index, evaluation in parts.evaluation.items():
            _check_evaluation(parts.base_model, evaluation, index, environment, region, found)
    for recipe in found.recipes.values():
        found.problems += region_problems(recipe, region)
        found.warnings += region_warnings(recipe, region)
    found.problems += deployment_problems(parts, region)
    if run and run_id and not re.fullmatch(rf"{run.name}-\d{{14}}", run_id):
        found.problems.append(Problem("run_id", f"must be {run.name}-<yyyymmddhhmmss>", run_id))
    problems = _without_follow_ups(known, malformed, found.problems)
    raise_for(list({str(problem): problem for problem in problems}.values()), subject=SUBJECT)
    assert run is not None
    warnings = (*_unguarded(run), *deployment_warnings(parts, region), *found.warnings)
    return CheckedRun(run, tuple(dict.fromkeys(warnings)), found.recipes)


def _read(data: Mapping[str, Any]) -> tuple[Run | None, list[Problem]]:
    try:
        return Run.model_validate(data), []
    except ValidationError as error:
        return None, shape_problems(error)


def _without_follow_ups(*sources: Sequence[Problem]) -> list[Problem]:
    """The problems of all sources; on a field that one speaks of, the later ones have nothing to add."""
    told: set[str] = set()
    problems: list[Problem] = []
    for source in sources:
        problems += [problem for problem in source if problem.path not in told]
        told |= {path for problem in source for path in _spoken_of(problem.path)}
    return problems


def _spoken_of(path: str) -> tuple[str, ...]:
    """The field, and the mapping that was read without it: its sum, say, is not what the file says."""
    parent = path.rpartition(".")[0]
    return (path,) if parent.count(".") < _DEPTH_OF_FIELDS else (path, parent)


def _check_stage(
    base_model: str,
    stage: Stage,
    index: int,
    environment: str,
    region: str,
    hub: HubCatalogues,
    found: _Findings,
) -> None:
    path = f"stages.{index}"
    rows = catalogue_of(stage.recipe, hub)
    if rows is None:
        message = "no recipe of AWS's hub is here; accepted: shipped, or hub after `atelier recipes --sync`"
        found.problems.append(Problem(f"{path}.recipe", message, stage.recipe))
        return
    wanted = wanted_by_stage(base_model, stage, index, environment=environment)
    examination = examine(wanted, rows)
    found.problems += (_of_hub(problem, path, stage) for problem in examination.problems)
    if examination.draft:
        found.problems += early_stopping.problems_of(stage, examination.draft, path=path)
    if examination.recipe:
        found.recipes[path] = examination.recipe
        found.warnings += examination.recipe.warnings
        found.warnings += early_stopping.warnings_of(stage, examination.recipe, path=path)
        found.warnings += _unreachable_function(path, stage.reward_lambda_arn, region)
        found.warnings += _from_hub(path, examination.recipe)


def _of_hub(problem: Problem, path: str, stage: Stage) -> Problem:
    """What does not exist in the hub may well be shipped."""
    if stage.recipe == SHIPPED or problem.path != path:
        return problem
    return replace(problem, message=f"among the recipes synced from AWS's hub, {problem.message}")


def _from_hub(path: str, recipe: Recipe) -> Iterator[str]:
    """What a run's report says of a recipe that this release did not ship."""
    if recipe.origin != SHIPPED:
        yield f"{path}.recipe: {recipe.row.name} as AWS's hub published it ({recipe.origin}), not as shipped"


def _check_evaluation(
    base_model: str, evaluation: Evaluation, index: int, environment: str, region: str, found: _Findings
) -> None:
    path = f"evaluation.{index}"
    wanted = wanted_by_evaluation(base_model, evaluation, index, environment=environment)
    examination = examine(wanted, catalogue())
    found.problems += examination.problems
    if examination.recipe:
        found.recipes[path] = examination.recipe
        found.warnings += examination.recipe.warnings
        found.warnings += _unreachable_function(path, evaluation.reward_lambda_arn, region)


def _unguarded(run: Run) -> Iterator[str]:
    if run.deployment and not run.gate:
        yield "gate: there is none, so whatever training gives will serve if it passes the smoke test"


def _unreachable_function(path: str, arn: str | None, region: str) -> Iterator[str]:
    """What the training role was not given (components/training_jobs.py); the function's own policy may."""
    if arn is None:
        return
    field, name = f"{path}.reward_lambda_arn", arn.split(":function:")[-1]
    if arn.split(":")[3] != region:
        yield f"{field}: the function is in another region than the job, which looks for it in {region}"
    if not name.startswith(names.REWARD_FUNCTION_PREFIX):
        yield (
            f"{field}: the training role may invoke functions of its account whose names begin with "
            f"{names.REWARD_FUNCTION_PREFIX}; let it invoke {name} in the function's own policy"
        )
