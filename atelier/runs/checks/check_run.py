"""Check a run before it starts, and report all problems in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError

from atelier.errors import InvalidRun
from atelier.platforms.base import JobCluster
from atelier.platforms.resolved_stage import ResolvedStage
from atelier.problems import Problem, raise_for
from atelier.recipes.catalogue import catalogue
from atelier.recipes.resolve import Recipe
from atelier.runs.checks.availability import (
    deployment_problems,
    deployment_warnings,
    region_problems,
    region_warnings,
)
from atelier.runs.checks.rules import problems_of
from atelier.runs.checks.stage_checks import CheckContext, Findings, check_evaluation, check_stage
from atelier.runs.model import Evaluation, Run, Stage
from atelier.runs.parse import SUBJECT, shape_problems
from atelier.runs.partial_run import PartialRun
from atelier.runs.placement import Placement, pinned
from atelier.runs.plan import Plan
from atelier.runs.recipe_source import NO_HUB, HubCatalogues
from atelier.runs.resolve_stage import resolve_part

# Dots in the path of a field such as stages.0.data_mixing.
_DEPTH_OF_FIELDS = 2


@dataclass(frozen=True)
class CheckedRun:
    """A valid run, its recipes by field (`stages.0`, `evaluation.0`), and its plan.

    `warnings` are about settings that are accepted although risky, or disputed by AWS's own sources.
    """

    run: Run
    warnings: tuple[str, ...]
    recipes: Mapping[str, Recipe]
    plan: Plan


def check_run(
    data: object,
    *,
    environment: str,
    region: str,
    bucket: str | None,
    run_id: str | None = None,
    hub: HubCatalogues = NO_HUB,
    clusters: Sequence[JobCluster] | None = None,
    known: Sequence[Problem] = (),
    today: date | None = None,
) -> CheckedRun:
    """Check a run and fill in its defaults. InvalidRun or UnsupportedCombination reports all problems.

    In a malformed file, the well-formed fields are still checked against the rules and the catalogue, so one
    message has all problems. `hub` has recipes of AWS's hub. Without a `bucket`, datasets may be in any
    bucket. Without `clusters` (those of the environment), clusters are not checked. `known` has problems
    that were found before; further problems with the same fields are not reported. Without `today`, the
    lifecycle of models is not checked.
    """
    if not isinstance(data, Mapping):
        problem = Problem("(the file)", "must be a mapping of keys such as name, base_model, stages", data)
        raise InvalidRun(f"{SUBJECT}: {problem}")
    run, malformed = _read(data)
    partial = PartialRun.of(data)
    found = Findings(list(problems_of(partial, bucket=bucket)))
    context = CheckContext(
        environment=environment, region=region, bucket=bucket, hub=hub, clusters=clusters, today=today
    )
    if partial.base_model is not None:
        for index, stage in partial.stages.items():
            check_stage(partial.base_model, stage, index, context, found)
        trained = found.placements.get(f"stages.{partial.stage_count - 1}")
        for index, evaluation in partial.evaluation.items():
            check_evaluation(partial.base_model, evaluation, index, context, found, trained=trained)
    recipes = {path: placement.recipe for path, placement in found.placements.items()}
    for recipe in recipes.values():
        found.problems += region_problems(recipe, region)
        found.warnings += region_warnings(recipe, region)
    found.problems += deployment_problems(partial, region)
    if run and run_id and not re.fullmatch(rf"{run.name}-\d{{14}}", run_id):
        found.problems.append(Problem("run_id", f"must be {run.name}-<yyyymmddhhmmss>", run_id))
    problems = _without_follow_ups(known, malformed, found.problems)
    raise_for(list({str(problem): problem for problem in problems}.values()), subject=SUBJECT)
    assert run is not None
    warnings = (*_missing_gate(run), *deployment_warnings(partial, region), *found.warnings)
    checked = pinned(run, found.placements)
    return CheckedRun(
        checked, tuple(dict.fromkeys(warnings)), recipes, _plan(checked, found.placements, region)
    )


def _plan(run: Run, placements: Mapping[str, Placement], region: str) -> Plan:
    def resolved(name: str, parts: Sequence[Stage | Evaluation]) -> tuple[ResolvedStage, ...]:
        fields = [f"{name}.{index}" for index in range(len(parts))]
        return tuple(
            resolve_part(part, placements[field].recipe, field=field, cluster=part.cluster, region=region)
            for field, part in zip(fields, parts, strict=True)
        )

    return Plan(
        base_model_path=catalogue().base_models[run.base_model].model,
        stages=resolved("stages", run.stages),
        evaluations=resolved("evaluation", run.evaluation),
    )


def _read(data: Mapping[str, Any]) -> tuple[Run | None, list[Problem]]:
    try:
        return Run.model_validate(data), []
    except ValidationError as error:
        return None, shape_problems(error)


def _without_follow_ups(*sources: Sequence[Problem]) -> list[Problem]:
    """The problems of all sources. A field that one source reports is skipped in later sources."""
    reported: set[str] = set()
    problems: list[Problem] = []
    for source in sources:
        problems += [problem for problem in source if problem.path not in reported]
        reported |= {path for problem in source for path in _covered_fields(problem.path)}
    return problems


def _covered_fields(path: str) -> tuple[str, ...]:
    """The field and its mapping, whose sum would be wrong without the field."""
    parent = path.rpartition(".")[0]
    return (path,) if parent.count(".") < _DEPTH_OF_FIELDS else (path, parent)


def _missing_gate(run: Run) -> Iterator[str]:
    if run.deployment and not run.gate:
        yield "gate: none, so every trained model that passes the smoke test will be deployed"
