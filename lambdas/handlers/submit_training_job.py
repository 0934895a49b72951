"""State SubmitTrainingJob: start a stage's training job, or find the one already started."""

from __future__ import annotations

import logging
from typing import Any

from atelier.jobs.run_jobs import training_job
from atelier.operations.submit import submit
from atelier.runs import parse_run
from atelier.runs.recipe_source import hub_of
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, stage_index, checkpoint, stages, task_token}; the result comes with the token."""
    job = training_job(
        parse_run(event["run"]),
        run_id=event["run_id"],
        stage_index=event["stage_index"],
        checkpoint=event["checkpoint"],
        dataset=event["stages"][-1].get("dataset") if event["stages"] else None,
        hub=hub_of(event["run"], wiring.objects().read),
        environment=wiring.settings(),
    )
    job.upload_recipe(wiring.objects())
    operation = job.operation(token=event["task_token"], now=wiring.now())
    submit(operation, operations=wiring.operations(), service=wiring.service_of(operation.kind))
    logger.info("job_submitted", extra={"run_id": job.run_id, "step": job.step})
