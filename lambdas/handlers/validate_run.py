"""State ValidateRun: refuse a run that cannot work, with everything that is wrong with it."""

from __future__ import annotations

import logging
from typing import Any

from atelier.runs import check_run
from atelier.runs.recipe_source import hub_of
from atelier.runs.workflow_plan import workflow_plan
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → the run with its defaults, and the plan that the workflow follows."""
    here = wiring.settings()
    checked = check_run(
        event["run"],
        environment=here.environment,
        region=here.region,
        bucket=here.bucket,
        run_id=event["run_id"],
        clusters=here.clusters,
        hub=hub_of(event["run"], lambda uri: wiring.objects().read(uri)),
    )
    logger.info("run_validated", extra={"run_id": event["run_id"], "warnings": checked.warnings})
    return workflow_plan(checked)
