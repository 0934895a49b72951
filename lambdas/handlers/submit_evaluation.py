"""State SubmitEvaluation: start the job that measures the candidate or the baseline, or find it."""

from __future__ import annotations

import logging
from typing import Any

from atelier.jobs.run_jobs import evaluation_job
from atelier.operations.submit import submit
from atelier.runs import parse_run
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, evaluation_index, subject, model, task_token}; the result comes with the token."""
    job = evaluation_job(
        parse_run(event["run"]),
        run_id=event["run_id"],
        evaluation_index=event["evaluation_index"],
        subject=event["subject"],
        model=event["model"],
        environment=wiring.settings(),
    )
    job.upload_recipe(wiring.objects())
    operation = job.operation(token=event["task_token"], now=wiring.now())
    submit(operation, operations=wiring.operations(), service=wiring.service_of(operation.kind))
    logger.info("job_submitted", extra={"run_id": job.run_id, "step": job.step})
