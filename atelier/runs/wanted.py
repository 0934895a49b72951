"""What the parts of a run ask of the recipe catalogue."""

from __future__ import annotations

from typing import Any

from atelier.recipes import Wanted
from atelier.runs.model import Evaluation, Stage


def wanted_by_stage(base_model: str, stage: Stage, index: int, *, environment: str) -> Wanted:
    """A training recipe."""
    return Wanted(
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
        given=_given(reward_lambda_arn=stage.reward_lambda_arn),
        data_mixing=stage.data_mixing.model_dump() if stage.data_mixing else None,
    )


def wanted_by_evaluation(base_model: str, evaluation: Evaluation, index: int, *, environment: str) -> Wanted:
    """An evaluation recipe."""
    return Wanted(
        path=f"evaluation.{index}",
        base_model=base_model,
        environment=environment,
        task=evaluation.task,
        instance_type=evaluation.instance_type,
        settings=evaluation.inference,
        settings_field="inference",
        given=_given(reward_lambda_arn=evaluation.reward_lambda_arn, subtask=evaluation.subtask),
    )


def _given(**values: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
