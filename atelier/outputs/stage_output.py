"""What a finished stage hands to the next: a checkpoint, or after a distillation a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.outputs.checkpoint import read_checkpoint
from atelier.outputs.distilled_dataset import read_dataset
from atelier.platforms.container import has_open_weights
from atelier.recipes import catalogue
from atelier.runs.model import Run
from atelier.storage import Objects


def read_outcome(
    run: Run, *, stage_index: int, job: Mapping[str, Any], checkpoint: str | None, objects: Objects
) -> dict[str, Any]:
    """`{checkpoint, stage_index, job_name, early_stop?, dataset?}`.

    A distillation makes no model: the `checkpoint` before it is the one after it. Open weights lie where
    SageMaker put the job's model; Nova's are named by a manifest.
    """
    outcome = {name: job[name] for name in ("job_name", "early_stop") if name in job}
    outcome["stage_index"] = stage_index
    if run.stages[stage_index].technique == "distillation":
        return outcome | {"checkpoint": checkpoint, "dataset": read_dataset(job, objects=objects)}
    if has_open_weights(catalogue().base_models[run.base_model].model_type):
        return outcome | {"checkpoint": job["model_artifacts"]}
    return outcome | {"checkpoint": read_checkpoint(job, objects=objects)}
