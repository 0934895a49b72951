"""State SubmitEvaluation: start the job that measures the candidate or the baseline, or find it."""

from __future__ import annotations

from typing import Any

from atelier.jobs.run_jobs import evaluation_job
from lambdas import composition
from lambdas.waiting_states import submit_operation


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, evaluation_index, subject, model, task_token}; the result comes with the token."""
    index = event["evaluation_index"]
    job = evaluation_job(
        composition.plan(event).evaluations[index],
        run_id=event["run_id"],
        evaluation_index=index,
        subject=event["subject"],
        model=event["model"],
        environment=composition.settings(),
    )
    job.upload_recipe(composition.objects())
    operation = job.operation(token=event["task_token"], now=composition.now())
    submit_operation(operation, event_name="job_submitted")
