"""State ValidateRun: refuse a run that cannot work, with everything that is wrong with it, or plan it."""

from __future__ import annotations

import logging
from typing import Any

from atelier.runs.plan import write_plan
from atelier.runs.workflow_plan import workflow_plan
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → the run with its defaults, and what the workflow needs to know of its plan."""
    checked = composition.checked_run(event)
    write_plan(
        checked.plan,
        event["run_id"],
        objects=composition.objects(),
        bucket=composition.settings().bucket,
    )
    logger.info("run_validated", extra={"run_id": event["run_id"], "warnings": checked.warnings})
    return workflow_plan(checked)
