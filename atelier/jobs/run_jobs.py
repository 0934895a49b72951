"""The jobs of a run: one for a training stage, one for an evaluation of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.operations.early_stopping import StopPolicy
from atelier.operations.model import Operation, OperationKind
from atelier.platforms.cluster_job import job_on_cluster
from atelier.platforms.container import TRAIN, VALIDATION
from atelier.platforms.job_spec import JobSpec
from atelier.platforms.training_job.request import JobEnvironment
from atelier.platforms.training_job.sagemaker_job import job_on_sagemaker
from atelier.recipes import Recipe, catalogue, resolve
from atelier.runs.model import EarlyStopping, Run
from atelier.runs.recipe_request import evaluation_request, stage_request
from atelier.runs.recipe_source import NO_HUB, HubCatalogues, known_catalogue_of
from atelier.storage import Objects


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job before it is submitted: its request, the seconds that it may take, and its recipe."""

    run_id: str
    step: str
    kind: OperationKind
    request: Mapping[str, Any]
    seconds: int
    recipe_uri: str
    recipe_yaml: str
    stop_policy: StopPolicy | None = None

    def upload_recipe(self, objects: Objects) -> None:
        """Put the recipe where the report reads it, and a training job's channel; always the same bytes."""
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
    run: Run,
    *,
    run_id: str,
    stage_index: int,
    checkpoint: str | None,
    dataset: str | None = None,
    hub: HubCatalogues = NO_HUB,
    environment: JobEnvironment,
) -> Job:
    """The job of a stage, which continues from `checkpoint` or starts from the base model.

    `dataset` is what the distillation before it made.
    """
    stage = run.stages[stage_index]
    wanted = stage_request(run.base_model, stage, stage_index, environment=environment.environment)
    rows = known_catalogue_of(stage.recipe, hub)
    recipe = resolve(wanted, rows)
    spec = JobSpec(
        run_id=run_id,
        step=names.stage_step(stage_index),
        recipe=recipe,
        checkpoint=checkpoint,
        data={name: uri for name, uri in ((TRAIN, stage.train), (VALIDATION, stage.validation)) if uri},
        distilled_dataset_uri=dataset,
        output_prefix=names.training_output_prefix(run_id),
        max_runtime_hours=stage.max_runtime_hours,
        hub=rows.published.get(recipe.row.template),
        cluster=stage.cluster,
    )
    return _job(spec, environment, stop_policy=_stop_policy(recipe, stage.early_stopping))


def evaluation_job(
    run: Run, *, run_id: str, evaluation_index: int, subject: str, model: str, environment: JobEnvironment
) -> Job:
    """The job that measures `model`, the run's `candidate` or the `baseline`, on one evaluation.

    A benchmark brings its own questions: its job has no data.
    """
    evaluation = run.evaluation[evaluation_index]
    wanted = evaluation_request(
        run.base_model, evaluation, evaluation_index, environment=environment.environment
    )
    spec = JobSpec(
        run_id=run_id,
        step=names.evaluation_step(evaluation_index, subject),
        recipe=resolve(wanted, catalogue()),
        checkpoint=model,
        data={TRAIN: evaluation.dataset} if evaluation.dataset else {},
        output_prefix=names.evaluation_output_prefix(run_id),
        max_runtime_hours=evaluation.max_runtime_hours,
        cluster=evaluation.cluster,
    )
    return _job(spec, environment)


def _job(spec: JobSpec, environment: JobEnvironment, *, stop_policy: StopPolicy | None = None) -> Job:
    render = job_on_sagemaker if spec.kind is OperationKind.TRAINING_JOB else job_on_cluster
    job_request = render(spec, environment)
    return Job(
        run_id=spec.run_id,
        step=spec.step,
        kind=spec.kind,
        request=job_request.request,
        seconds=job_request.seconds,
        recipe_uri=f"s3://{environment.bucket}/{names.recipe_key(spec.run_id, spec.step)}",
        recipe_yaml=job_request.recipe,
        stop_policy=stop_policy,
    )


def _stop_policy(recipe: Recipe, wanted: EarlyStopping | None) -> StopPolicy | None:
    """The run file's wish in the terms of the recipe that is to be stopped."""
    checkpoints = recipe.template.checkpoints
    if wanted is None or checkpoints is None or checkpoints.measured_by is None:
        return None
    paths = {key.name: key.path for key in recipe.keys}
    return StopPolicy(
        patience=wanted.patience,
        min_delta=wanted.min_delta,
        saved_every=recipe.values[paths[checkpoints.saved_by]],
        loss_keys=checkpoints.loss_keys,
    )
