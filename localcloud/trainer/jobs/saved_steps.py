"""The checkpoints that a training leaves on its way, and which of them it keeps."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

from localcloud.trainer.jobs.opt_ml import OptMl
from localcloud.trainer.model.checkpoint import Checkpoint

Save = Callable[[int, Checkpoint, float | None], None]
"""(step, the model after it, its validation loss if it was measured)."""


class SavedSteps:
    """The checkpoints in the job's escrow folder: the `keep` with the lowest validation loss, and the last.

    Without a validation loss a later step is the better one. What is in the folder is whole: a checkpoint is
    written beside it and moved, because a job may be killed while it writes. What is there when a job begins
    is its own: it broke off, and goes on.
    """

    def __init__(self, opt_ml: OptMl, *, keep: int, run_name: str) -> None:
        self._opt_ml = opt_ml
        self._keep = keep
        self._run_name = run_name
        self._losses: dict[int, float] = {
            step: _loss_of(folder) for step, folder in opt_ml.escrow_steps().items()
        }

    @property
    def last(self) -> int | None:
        """The step saved last; None when there is none."""
        return max(self._losses, default=None)

    def save(self, step: int, checkpoint: Checkpoint, loss: float | None) -> None:
        """Save the model after a step, with its validation loss if it was measured, and drop the worst."""
        partial = self._opt_ml.root / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        checkpoint.save(partial, trained_by=self._run_name, validation_loss=loss)
        target = self._opt_ml.escrow_step(step)
        shutil.rmtree(target, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.rename(target)
        self._losses[step] = math.inf if loss is None else loss
        ranked = sorted(self._losses, key=lambda saved: (self._losses[saved], -saved))
        for dropped in ranked[self._keep :]:
            if dropped != step:
                del self._losses[dropped]
                shutil.rmtree(self._opt_ml.escrow_step(dropped))


def _loss_of(folder: Path) -> float:
    loss = json.loads((folder / "config.json").read_text())["validation_loss"]
    return math.inf if loss is None else float(loss)
