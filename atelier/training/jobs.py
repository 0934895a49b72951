"""The jobs of a run: one for a training stage, one for an evaluation of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.operations.early_stopping import StopPolicy
from atelier.operations.model import Kind, Operation
from atelier.ports import Objects
from atelier.recipes import Recipe, catalogue, resolve
from atelier.recipes.render import document, dump
from atelier.runs.model import EarlyStopping, Run
from atelier.runs.sources import NO_HUB, HubCatalogues, known_catalogue_of
from atelier.runs.wanted import wanted_by_evaluation, wanted_by_stage
from atelier.training.container import (
    INPUT,
    MODEL,
    OUTPUT,
    RESULTS,
    TRAIN,
    VALIDATION,
    has_open_weights,
    path_of,
)
from atelier.training.request import JobEnvironment, channel, training_job_request

# Beyond its own limit a job waits for instances, starts its container and uploads what it made.
_QUEUE_SECONDS = 6 * 3600
# Formats of which SageMaker checks every row when the job is submitted (channel type Converse). AWS's guide
# shows the type for a distillation too, its SDK does not; prompts without an answer are safer unchecked.
_CHECKED_FORMATS = frozenset({"sft", "dpo"})


@dataclass(frozen=True)
class Job:
    """A job before it is submitted: its request, and the recipe that must lie in the bucket first."""

    run_id: str
    step: str
    request: Mapping[str, Any]
    recipe_uri: str
    recipe_yaml: str
    stop_policy: StopPolicy | None = None

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

    `dataset` is what the distillation before it made: data that only AWS can read, so its address goes into
    the recipe and not into a channel (Amazon Nova user guide, "Amazon Nova distillation").
    """
    stage = run.stages[stage_index]
    wanted = wanted_by_stage(run.base_model, stage, stage_index, environment=environment.environment)
    recipe = resolve(wanted, known_catalogue_of(stage.recipe, hub))
    data_type = "Converse" if recipe.template.dataset in _CHECKED_FORMATS else "S3Prefix"
    return _job(
        recipe,
        run_id=run_id,
        step=names.stage_step(stage_index),
        model=checkpoint or recipe.base_model.model,
        data={name: uri for name, uri in ((TRAIN, stage.train), (VALIDATION, stage.validation)) if uri},
        data_type=data_type,
        given={"data_s3_path": dataset} if dataset else {},
        output_prefix=names.training_output_prefix(run_id),
        max_runtime_hours=stage.max_runtime_hours,
        stop_policy=_stop_policy(recipe, stage.early_stopping),
        environment=environment,
    )


def evaluation_job(
    run: Run, *, run_id: str, evaluation_index: int, subject: str, model: str, environment: JobEnvironment
) -> Job:
    """The job that measures `model`, the run's `candidate` or the `baseline`, on one evaluation.

    A benchmark brings its own questions: its job has no data channel.
    """
    evaluation = run.evaluation[evaluation_index]
    wanted = wanted_by_evaluation(
        run.base_model, evaluation, evaluation_index, environment=environment.environment
    )
    return _job(
        resolve(wanted, catalogue()),
        run_id=run_id,
        step=names.evaluation_step(evaluation_index, subject),
        model=model,
        data={TRAIN: evaluation.dataset} if evaluation.dataset else {},
        data_type="S3Prefix",
        given={"output_dir": RESULTS},
        output_prefix=names.evaluation_output_prefix(run_id),
        max_runtime_hours=evaluation.max_runtime_hours,
        environment=environment,
    )


def _job(
    recipe: Recipe,
    *,
    run_id: str,
    step: str,
    model: str,
    data: Mapping[str, str],
    data_type: str,
    given: Mapping[str, str] | None = None,
    stop_policy: StopPolicy | None = None,
    environment: JobEnvironment,
    **rest: Any,
) -> Job:
    channels = [channel(name, uri, s3_data_type=data_type) for name, uri in data.items()]
    model_type = recipe.values.get("run.model_type", recipe.base_model.model_type)
    if has_open_weights(model_type):
        base = f"s3://{environment.bucket}/{names.base_model_prefix(recipe.base_model.name)}"
        channels.append(channel(MODEL, model if model.startswith("s3://") else base))
        model = f"{INPUT}/{MODEL}"
    filled = {
        "customer_bucket": f"s3://{environment.bucket}",
        "kms_key": environment.key_arn,
        "output_dir": OUTPUT,
        **{f"{name}_file": path_of(name, uri) for name, uri in data.items()},
        **{f"{name}_folder": f"{INPUT}/{name}/" for name in data},
        **(given or {}),
    }
    content = document(recipe, job_name=names.operation_name(run_id, step), model=model, given=filled)
    assert recipe.image is not None, f"{recipe.row.name} has no image on {recipe.platform}"
    request = training_job_request(
        run_id=run_id,
        step=step,
        recipe=recipe,
        document=content,
        image_uri=recipe.images.uri(recipe.image, environment.region),
        data=channels,
        environment=environment,
        **rest,
    )
    recipe_uri = f"s3://{environment.bucket}/{names.recipe_key(run_id, step)}"
    return Job(run_id, step, request, recipe_uri, dump(content), stop_policy)


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
