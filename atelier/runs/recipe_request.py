"""Recipe requests for the parts of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atelier.platforms.base import JobCluster
from atelier.platforms.clusters import instances_for, needs_cluster
from atelier.recipes.catalogue import catalogue
from atelier.recipes.request import AUTO, RecipeRequest
from atelier.registry import TRAINING_JOB
from atelier.runs.model import Evaluation, Stage


def stage_request(
    base_model: str,
    stage: Stage,
    index: int,
    *,
    environment: str,
    clusters: Sequence[JobCluster] | None = None,
) -> RecipeRequest:
    """The request for a stage's recipe. Recipes that the environment's `clusters` can run are preferred."""
    return RecipeRequest(
        path=f"stages.{index}",
        base_model=base_model,
        environment=environment,
        platform=stage.platform,
        technique=stage.technique,
        adaptation=stage.adaptation,
        teacher=stage.teacher,
        instance_type=stage.instance_type,
        replicas=stage.replicas,
        settings=stage.hyperparameters,
        inputs=_inputs(reward_lambda_arn=stage.reward_lambda_arn),
        data_mixing=stage.data_mixing.model_dump() if stage.data_mixing else None,
        **_available(base_model, stage, clusters),
    )


def evaluation_request(
    base_model: str,
    evaluation: Evaluation,
    index: int,
    *,
    environment: str,
    clusters: Sequence[JobCluster] | None = None,
) -> RecipeRequest:
    """The request for an evaluation's recipe. Platform `auto` means training-job here."""
    return RecipeRequest(
        path=f"evaluation.{index}",
        base_model=base_model,
        environment=environment,
        platform=TRAINING_JOB if evaluation.platform == AUTO else evaluation.platform,
        task=evaluation.task,
        instance_type=evaluation.instance_type,
        settings=evaluation.inference,
        settings_field="inference",
        inputs=_inputs(reward_lambda_arn=evaluation.reward_lambda_arn, subtask=evaluation.subtask),
        **_available(base_model, evaluation, clusters),
    )


def _available(
    base_model: str, part: Stage | Evaluation, clusters: Sequence[JobCluster] | None
) -> Mapping[str, Any]:
    """The available instance types and, for `auto`, platforms, without platforms that lack a cluster."""
    row = catalogue().base_models.get(base_model)
    if clusters is None or row is None:
        return {}
    instances = instances_for(row.model_type, clusters, part.cluster)
    if part.platform != AUTO:
        return {"instances_here": instances}
    platforms = catalogue().release.available_platforms
    usable = tuple(name for name in platforms if name in instances or not needs_cluster(name))
    return {"instances_here": instances, "platforms_here": usable}


def _inputs(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
