"""One rank of a job in a pod, in place of Nova's HyperPod images: `python -m localcloud.trainer.jobs.pod`.

Reads the recipe at /config/config.yaml (ATELIER_ROOT is the container's root), its data from S3 with the
node's role, and trains with the other ranks, or evaluates. The first rank leaves weights in escrow, which is
AWS's and not the role's, and then the manifest that names them below the recipe's output. What a job needs to
go on after a restart is on the file system that its nodes share.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.common import s3_folders as objects
from localcloud.common.endpoint import Endpoint
from localcloud.common.escrow import Escrow
from localcloud.common.service_error import ServiceError
from localcloud.trainer.jobs.evaluation import evaluate
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.models import base_model, load_model
from localcloud.trainer.jobs.nova_training import prepare, saved_steps
from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.jobs.rank_process import run_rank
from localcloud.trainer.jobs.recipe import (
    EvaluationRecipe,
    OpenEvaluationRecipe,
    Run,
    StepsRecipe,
    TrainingRecipe,
    read_recipe,
)
from localcloud.trainer.jobs.resume import ResumePoint
from localcloud.trainer.jobs.training_loop import TrainingLoop
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.ranks import Ranks, StopSignal

log = logging.getLogger(__name__)


def main() -> None:
    run_rank(lambda ranks: run(Pod.of(os.environ), ranks), os.environ)


@dataclass(frozen=True, slots=True)
class Pod:
    """Where a rank finds things: the container's root, the base models that its image brings, AWS."""

    root: Path
    base_models: Path
    s3: Any
    escrow: Escrow

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Pod:
        """By the variables of NovaPod, of the node and of the image."""
        endpoint = Endpoint(environ["AWS_ENDPOINT_URL"], environ["AWS_CA_BUNDLE"])
        region = environ["AWS_REGION"]
        return cls(
            root=Path(environ["ATELIER_ROOT"]),
            base_models=Path(environ["ATELIER_BASE_MODELS"]),
            s3=endpoint.client(boto3.Session(region_name=region), "s3"),
            escrow=Escrow(endpoint, environ["X_AMZ_SOURCE_ACCOUNT"], region, "hp"),
        )

    @property
    def recipe(self) -> Path:
        return self.root / "config" / "config.yaml"

    def shared(self, job: str) -> Path:
        """The job's folder on the file system of all nodes."""
        return self.root / "sagemaker" / "fsx" / "output_artifacts" / job


def run(pod: Pod, ranks: Ranks) -> None:
    """Read and check everything, which every rank does alike; then train together, or evaluate."""
    recipe = read_recipe(pod.recipe)
    if isinstance(recipe, OpenEvaluationRecipe):
        raise JobFailed("recipe: output: an evaluation of open weights is a training job's, not a pod's")
    shared = pod.shared(recipe.run.name)
    folder = OptMl(shared / f"rank-{ranks.rank}")
    model = _model(pod, recipe.run, folder)
    _download(pod, "run.data_s3_path", recipe.run.data_s3_path, folder, "train")
    if recipe.run.validation_data_s3_path:
        _download(
            pod,
            "run.validation_data_s3_path",
            recipe.run.validation_data_s3_path,
            folder,
            "validation",
        )
    if isinstance(recipe, EvaluationRecipe):
        _evaluate(pod, recipe, model, folder, ranks)
    else:
        _train(pod, recipe, model, folder, ranks)
    if ranks.is_first:
        shutil.rmtree(shared)


def _train(
    pod: Pod, recipe: TrainingRecipe | StepsRecipe, model: Checkpoint, folder: OptMl, ranks: Ranks
) -> None:
    training = prepare(model, recipe, folder, ranks)
    name = recipe.run.name
    inputs = [pod.recipe, *folder.channel("train"), *folder.optional_channel("validation")]
    resume = ResumePoint.of(pod.shared(name) / "last.safetensors", inputs)
    saved = saved_steps(recipe, folder)

    def save(step: int, checkpoint: Checkpoint, loss: float | None) -> None:
        if ranks.is_first:
            saved.save(step, checkpoint, loss)

    ranks.join()
    training(TrainingLoop(save=save, ranks=ranks, is_stopped=StopSignal(ranks).is_set, resume=resume))
    if ranks.is_first:
        pod.escrow.put(folder.root / "escrow", name)
        last = f"{pod.escrow.job_uri(name)}/step_{saved.last}"
        manifest = json.dumps({"checkpoint_s3_bucket": last}).encode()
        bucket, key = objects.split(f"{recipe.run.output_s3_path.rstrip('/')}/{name}/manifest.json")
        try:
            pod.s3.put_object(Bucket=bucket, Key=key, Body=manifest)
        except ClientError as error:
            raise JobFailed(f"recipe: run.output_s3_path {recipe.run.output_s3_path!r}: {error}") from error
        log.info("the checkpoint is %s", last)


def _evaluate(pod: Pod, recipe: EvaluationRecipe, model: Checkpoint, folder: OptMl, ranks: Ranks) -> None:
    if ranks.size != 1 or recipe.run.replicas != 1:
        raise JobFailed(f"recipe: run.replicas is {recipe.run.replicas}; an evaluation has 1")
    results = folder.output_data / "eval-result"
    shutil.rmtree(results, ignore_errors=True)
    evaluate(model, recipe.request, folder, results)
    output = f"{recipe.run.output_s3_path.rstrip('/')}/{recipe.run.name}/eval-result"
    try:
        objects.upload(pod.s3, results, output)
    except (ClientError, S3UploadFailedError) as error:
        raise JobFailed(f"recipe: run.output_s3_path {recipe.run.output_s3_path!r}: {error}") from error
    log.info("the results are in %s", output)


def _model(pod: Pod, run: Run, folder: OptMl) -> Checkpoint:
    """The base model of the image, or a checkpoint in escrow."""
    named = run.model_name_or_path
    what = f"recipe: run.model_name_or_path {named!r}"
    if not named.startswith("s3://"):
        return load_model(base_model(named, pod.base_models, "recipe: run.model_name_or_path"), what)
    place = folder.root / "checkpoint"
    shutil.rmtree(place, ignore_errors=True)
    try:
        pod.escrow.get(named, place)
    except ServiceError as error:
        raise JobFailed(f"{what}: {error.message}") from error
    return load_model(place, what)


def _download(pod: Pod, key: str, uri: str, folder: OptMl, channel: str) -> None:
    place = folder.root / "input" / "data" / channel
    shutil.rmtree(place, ignore_errors=True)
    try:
        files = objects.download(pod.s3, uri, place) if uri.startswith("s3://") else []
    except (ClientError, BotoCoreError) as error:
        raise JobFailed(f"recipe: {key} {uri!r} cannot be read: {error}") from error
    if not files:
        raise JobFailed(f"recipe: {key} is {uri!r}: there is no such object")


if __name__ == "__main__":
    main()
