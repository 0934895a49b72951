"""The jobs of a run: one for a training stage, one for an evaluation of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.operations.model import Kind, Operation
from atelier.ports import Objects
from atelier.recipes import Recipe, catalogue, render, resolve
from atelier.runs.model import Run
from atelier.runs.wanted import wanted_by_evaluation, wanted_by_stage
from atelier.training.request import JobEnvironment, channel, training_job_request

# Beyond its own limit a job waits for instances, starts its container and uploads what it made.
_QUEUE_SECONDS = 6 * 3600


@dataclass(frozen=True)
class Job:
    """A job before it is submitted: its request, and the recipe that must lie in the bucket first."""

    run_id: str
    step: str
    request: Mapping[str, Any]
    recipe_uri: str
    recipe_yaml: str

    def upload_recipe(self, objects: Objects) -> None:
        """Put the recipe where the request's recipe channel points; the same bytes for the same run."""
        objects.write(self.recipe_uri, self.recipe_yaml.encode(), content_type="application/yaml")

    def operation(self, *, token: str, now: int) -> Operation:
        """The operation that the workflow waits for."""
        limit: int = self.request["StoppingCondition"]["MaxRuntimeInSeconds"]
        return Operation(
            run_id=self.run_id,
            step=self.step,
            kind=Kind.TRAINING_JOB,
            request=self.request,
            token=token,
            recorded_at=now,
            deadline=now + limit + _QUEUE_SECONDS,
        )


def training_job(
    run: Run, *, run_id: str, stage_index: int, checkpoint: str | None, environment: JobEnvironment
) -> Job:
    """The job of a stage, which continues from `checkpoint` or starts from the base model."""
    stage = run.stages[stage_index]
    wanted = wanted_by_stage(run.base_model, stage, stage_index, environment=environment.environment)
    recipe = resolve(wanted, catalogue())
    data = [channel("train", stage.train, s3_data_type="Converse")]
    if stage.validation:
        data.append(channel("validation", stage.validation, s3_data_type="Converse"))
    return _job(
        recipe,
        run_id=run_id,
        step=names.stage_step(stage_index),
        model=checkpoint or recipe.base_model.model,
        data=data,
        output_prefix=names.training_output_prefix(run_id),
        max_runtime_hours=stage.max_runtime_hours,
        environment=environment,
    )


def evaluation_job(
    run: Run, *, run_id: str, evaluation_index: int, subject: str, model: str, environment: JobEnvironment
) -> Job:
    """The job that measures `model`, the run's `candidate` or the `baseline`, on one evaluation."""
    evaluation = run.evaluation[evaluation_index]
    wanted = wanted_by_evaluation(
        run.base_model, evaluation, evaluation_index, environment=environment.environment
    )
    return _job(
        resolve(wanted, catalogue()),
        run_id=run_id,
        step=names.evaluation_step(evaluation_index, subject),
        model=model,
        data=[channel("train", evaluation.dataset)],
        output_prefix=names.evaluation_output_prefix(run_id),
        max_runtime_hours=evaluation.max_runtime_hours,
        environment=environment,
    )


def _job(
    recipe: Recipe, *, run_id: str, step: str, model: str, environment: JobEnvironment, **rest: Any
) -> Job:
    assert recipe.image
    request = training_job_request(
        run_id=run_id,
        step=step,
        recipe=recipe,
        image_uri=catalogue().image_uri(recipe.image, environment.region),
        model=model,
        environment=environment,
        **rest,
    )
    recipe_uri = f"s3://{environment.bucket}/{names.recipe_key(run_id, step)}"
    return Job(
        run_id, step, request, recipe_uri, render(recipe, job_name=request["TrainingJobName"], model=model)
    )
