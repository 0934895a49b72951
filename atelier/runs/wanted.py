"""What the parts of a run ask of the recipe catalogue."""

from __future__ import annotations

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
        instance_type=stage.instance_type,
        replicas=stage.replicas,
        settings=stage.hyperparameters,
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
    )
