"""The result of state ValidateRun: counts and switches for the workflow."""

from __future__ import annotations

from typing import Any

from atelier.recipes.resolve import Recipe
from atelier.runs.checks.check_run import CheckedRun
from atelier.runs.subject import BASELINE, CANDIDATE


def workflow_plan(checked: CheckedRun) -> dict[str, Any]:
    """The result of state ValidateRun. Each evaluation has one entry for candidate and one for baseline."""
    run = checked.run
    return {
        "run": run.model_dump(mode="json"),
        "stage_count": len(run.stages),
        "evaluations": [
            {"evaluation_index": index, "subject": subject}
            for index in range(len(run.evaluation))
            for subject in (CANDIDATE, BASELINE)
        ],
        "approval_required": run.approval == "required",
        "deployment_wanted": run.deployment is not None,
        "recipes": [_choice(field, recipe) for field, recipe in checked.recipes.items()],
        "warnings": list(checked.warnings),
    }


def _choice(field: str, recipe: Recipe) -> dict[str, Any]:
    """The recipe of a part of the run, its origin, platform and instances."""
    return {
        "field": field,
        "recipe": recipe.row.name,
        "origin": recipe.origin,
        "platform": recipe.platform,
        "instance_type": recipe.instance_type,
        "replicas": recipe.replicas,
    }
