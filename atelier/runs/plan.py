"""What the workflow needs to know of a run to find its way: counts and switches."""

from __future__ import annotations

from typing import Any

from atelier.gate.scores import BASELINE, CANDIDATE
from atelier.runs.check import CheckedRun


def plan_of(checked: CheckedRun) -> dict[str, Any]:
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
        "warnings": list(checked.warnings),
    }
