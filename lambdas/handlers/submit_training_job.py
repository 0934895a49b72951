"""State SubmitTrainingJob: start a stage's training job, or find the one already started."""

from __future__ import annotations

from typing import Any

from atelier.jobs.run_jobs import training_job
from lambdas import composition
from lambdas.waiting_states import submit_operation


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, stage_index, checkpoint, stages, task_token}; the result comes with the token."""
    index = event["stage_index"]
    job = training_job(
        composition.plan(event).stages[index],
        run_id=event["run_id"],
        stage_index=index,
        checkpoint=event["checkpoint"],
        dataset=event["stages"][-1].get("dataset") if event["stages"] else None,
        objects=composition.objects(),
        environment=composition.settings(),
    )
    job.upload_recipe(composition.objects())
    operation = job.operation(token=event["task_token"], now=composition.now())
    submit_operation(operation, event_name="job_submitted")
