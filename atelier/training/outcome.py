"""What a finished stage hands to the next: a checkpoint, or after a distillation a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.ports import Objects
from atelier.runs.model import Run
from atelier.training.checkpoint import read_checkpoint
from atelier.training.distillation import read_dataset


def read_outcome(
    run: Run, *, stage_index: int, job: Mapping[str, Any], checkpoint: str | None, objects: Objects
) -> dict[str, Any]:
    """`{checkpoint, stage_index, job_name, early_stop?, dataset?}`.

    A distillation makes no model: the `checkpoint` before it is the one after it.
    """
    outcome = {name: job[name] for name in ("job_name", "early_stop") if name in job}
    outcome["stage_index"] = stage_index
    if run.stages[stage_index].technique == "distillation":
        return outcome | {"checkpoint": checkpoint, "dataset": read_dataset(job, objects=objects)}
    return outcome | {"checkpoint": read_checkpoint(job, objects=objects)}
