"""The jobs of a run: one for a training stage, one for an evaluation of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.errors import InvalidRun
from atelier.operations.early_stopping import StopPolicy
from atelier.operations.model import Operation
from atelier.platforms.base import JobEnvironment, JobSpec
from atelier.platforms.registry import platform_named
from atelier.platforms.resolved_stage import ResolvedStage
from atelier.storage import Objects


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job before it is submitted: its request, the seconds that it may take, and its recipe."""

    run_id: str
    step: str
    kind: str
    request: Mapping[str, Any]
    seconds: int
    recipe_uri: str
    recipe_yaml: str
    stop_policy: StopPolicy | None = None

    def upload_recipe(self, objects: Objects) -> None:
        """Put the recipe where the report and a training job's channel read it; always the same bytes."""
        objects.write(self.recipe_uri, self.recipe_yaml.encode(), content_type="application/yaml")

    def operation(self, *, token: str, now: int) -> Operation:
        """The operation that the workflow waits for."""
        return Operation(
            run_id=self.run_id,
            step=self.step,
            kind=self.kind,
            request=self.request,
            token=token,
            recorded_at=now,
            deadline=now + self.seconds,
            stop_policy=self.stop_policy,
        )


def training_job(
    stage: ResolvedStage,
    *,
    run_id: str,
    stage_index: int,
    checkpoint: str | None,
    dataset: str | None = None,
    objects: Objects,
    environment: JobEnvironment,
) -> Job:
    """The job of a stage, which continues from `checkpoint` or starts from the base model.

    `dataset` is what the distillation before it made. InvalidRun when the recipe of AWS's hub is gone.
    """
    spec = JobSpec(
        run_id=run_id,
        step=names.stage_step(stage_index),
        stage=stage,
        checkpoint=checkpoint,
        distilled_dataset_uri=dataset,
        hub=_hub_recipe(stage.hub_recipe_uri, objects) if stage.hub_recipe_uri else None,
    )
    return _job(spec, environment)


def evaluation_job(
    evaluation: ResolvedStage,
    *,
    run_id: str,
    evaluation_index: int,
    subject: str,
    model: str,
    environment: JobEnvironment,
) -> Job:
    """The job that measures `model`, the run's `candidate` or the `baseline`, on one evaluation.

    A benchmark brings its own questions: its job has no data.
    """
    spec = JobSpec(
        run_id=run_id,
        step=names.evaluation_step(evaluation_index, subject),
        stage=evaluation,
        checkpoint=model,
    )
    return _job(spec, environment)


def _job(spec: JobSpec, environment: JobEnvironment) -> Job:
    request = platform_named(spec.stage.platform).job_request(spec, environment)
    return Job(
        run_id=spec.run_id,
        step=spec.step,
        kind=spec.stage.platform,
        request=request.request,
        seconds=request.seconds,
        recipe_uri=f"s3://{environment.bucket}/{names.recipe_key(spec.run_id, spec.step)}",
        recipe_yaml=request.recipe,
        stop_policy=spec.stage.stop_policy,
    )


def _hub_recipe(uri: str, objects: Objects) -> Any:
    # Imported here: only runs with a recipe of AWS's hub pay for reading one.
    from atelier.recipes.hub.recipe import read_hub_recipe

    recipe = read_hub_recipe(uri, objects.read)
    if recipe is None:
        raise InvalidRun(f"recipe = {uri!r}: the recipe of AWS's hub that the run was started with is gone")
    return recipe
