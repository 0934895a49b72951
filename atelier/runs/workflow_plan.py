"""What the workflow needs to know of a run to find its way: counts and switches."""

from __future__ import annotations

from typing import Any

from atelier.recipes.resolve import Recipe
from atelier.runs.checks.check_run import CheckedRun
from atelier.runs.subject import BASELINE, CANDIDATE


def workflow_plan(checked: CheckedRun) -> dict[str, Any]:
    """Result of state ValidateRun; each evaluation is made of candidate and baseline, side by side."""
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
    """Which recipe a part of the run uses, where it is from and what it runs on."""
    return {
        "field": field,
        "recipe": recipe.row.name,
        "origin": recipe.origin,
        "platform": recipe.platform,
        "instance_type": recipe.instance_type,
        "replicas": recipe.replicas,
    }
