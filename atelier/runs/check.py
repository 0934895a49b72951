"""Everything that can be known wrong about a run before it starts, in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from atelier.errors import InvalidRun
from atelier.problems import Problem, raise_for
from atelier.recipes import Catalogue, Recipe, Wanted, catalogue, examine
from atelier.runs.model import Run
from atelier.runs.parse import SUBJECT, shape_problems
from atelier.runs.parts import Parts
from atelier.runs.rules import problems_of
from atelier.runs.wanted import wanted_by_evaluation, wanted_by_stage


@dataclass(frozen=True)
class CheckedRun:
    """A run that may start. `warnings`: what is accepted although risky, or disputed by AWS's own sources."""

    run: Run
    warnings: tuple[str, ...]


def check_run(
    data: object, *, environment: str, region: str, bucket: str, run_id: str | None = None
) -> CheckedRun:
    """The run with its defaults filled in. InvalidRun or UnsupportedCombination tells every problem at once.

    The well-formed parts of a malformed file are held to the rules and the catalogue too: one reading of the
    message is enough.
    """
    if not isinstance(data, Mapping):
        problem = Problem("(the file)", "must be a mapping of keys such as name, base_model, stages", data)
        raise InvalidRun(f"{SUBJECT}: {problem}")
    run, problems = _read(data)
    parts = Parts.of(data)
    problems += problems_of(parts, bucket=bucket)
    warnings = list(_unguarded(run))
    for wanted in _wishes(parts, environment):
        found = examine(wanted, catalogue())
        problems += found.problems
        if found.recipe:
            warnings += found.recipe.warnings
            problems += _not_offered_in(region, found.recipe)
    problems += _not_deployable(parts, catalogue())
    if run and run_id and not re.fullmatch(rf"{run.name}-\d{{14}}", run_id):
        problems.append(Problem("run_id", f"must be {run.name}-<yyyymmddhhmmss>", run_id))
    raise_for(list({str(problem): problem for problem in problems}.values()), subject=SUBJECT)
    assert run is not None
    return CheckedRun(run, tuple(warnings))


def _read(data: Mapping[str, Any]) -> tuple[Run | None, list[Problem]]:
    try:
        return Run.model_validate(data), []
    except ValidationError as error:
        return None, shape_problems(error)


def _unguarded(run: Run | None) -> Iterator[str]:
    if run and run.deployment and not run.gate:
        yield "gate: there is none, so whatever training gives will serve if it passes the smoke test"


def _wishes(parts: Parts, environment: str) -> Iterator[Wanted]:
    if parts.base_model is None:
        return
    for index, stage in parts.stages.items():
        yield wanted_by_stage(parts.base_model, stage, index, environment=environment)
    for index, evaluation in parts.evaluation.items():
        yield wanted_by_evaluation(parts.base_model, evaluation, index, environment=environment)


def _not_offered_in(region: str, recipe: Recipe) -> Iterator[Problem]:
    regions = recipe.row.platforms[recipe.platform].regions
    message = f"{recipe.row.name} runs on {recipe.platform} in {', '.join(regions)}"
    if recipe.image and not regions:
        regions = catalogue().images.regions_of(recipe.image)
        message = f"AWS publishes the container {recipe.image} in {', '.join(regions)}"
    if regions and region not in regions:
        yield Problem("region of the environment", message, region, is_combination=True)


def _not_deployable(parts: Parts, rows: Catalogue) -> Iterator[Problem]:
    base_model = rows.base_models.get(parts.base_model or "")
    if parts.deployment is None:
        return
    target = parts.deployment.target
    offered = rows.release.available_targets
    if target not in offered:
        message = f"not available in this release; accepted: {', '.join(offered)}"
        yield Problem("deployment.target", message, target, is_combination=True)
    elif base_model and parts.stages:
        adaptation = parts.stages[max(parts.stages)].adaptation
        served = base_model.deployments.get(target)
        accepted = served.adaptations if served else ()
        if adaptation not in accepted:
            message = f"serves {base_model.name} with adaptation {' or '.join(accepted)}, not {adaptation}"
            yield Problem("deployment.target", message, target, is_combination=True)
