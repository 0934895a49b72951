"""What a finished stage hands to the next: a checkpoint, or after a distillation a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.outputs.checkpoint import read_checkpoint
from atelier.platforms.resolved_stage import ResolvedStage
from atelier.storage import Objects


def read_outcome(
    stage: ResolvedStage,
    *,
    stage_index: int,
    job: Mapping[str, Any],
    checkpoint: str | None,
    objects: Objects,
) -> dict[str, Any]:
    """`{checkpoint, stage_index, job_name, early_stop?, dataset?}`.

    A distillation makes no model: the `checkpoint` before it is the one after it. Open weights are where
    SageMaker put the job's model; Nova's are named by a manifest.
    """
    outcome = {name: job[name] for name in ("job_name", "early_stop") if name in job}
    outcome["stage_index"] = stage_index
    if stage.technique == "distillation":
        # Imported here: only a distillation pays for the rules of datasets.
        from atelier.outputs.distilled_dataset import read_dataset

        return outcome | {"checkpoint": checkpoint, "dataset": read_dataset(job, objects=objects)}
    if stage.has_open_weights:
        return outcome | {"checkpoint": job["model_artifacts"]}
    return outcome | {"checkpoint": read_checkpoint(job, objects=objects)}
