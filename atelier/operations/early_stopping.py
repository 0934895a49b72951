"""Early stopping: when to stop a training job, and which checkpoint to keep.

Pure functions of the losses by step. `settle` reads the losses, records the decision and stops the job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class StopPolicy:
    """The early stopping policy of a job.

    The job is stopped once `patience` consecutive measurements of the validation loss have not improved on
    the best loss before them by more than `min_delta`. A checkpoint is saved every `saved_every` steps.
    `loss_keys` are the names under which the job's log may report the loss.
    """

    patience: int
    min_delta: float
    saved_every: int
    loss_keys: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The form stored in the operations table."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StopPolicy:
        """The policy that `to_json` wrote."""
        return cls(**{**data, "loss_keys": tuple(data["loss_keys"])})

    def decide(self, losses: Mapping[int, float]) -> EarlyStop | None:
        """Decide whether to stop, given all validation losses so far by step; None to continue.

        NaN and infinite losses are no improvement. The best step has the lowest finite loss among the steps
        with a saved checkpoint; a job without such a step is not stopped, because no model would remain.
        """
        waited, bar = 0, math.inf
        for step in sorted(losses):
            improved = losses[step] < bar - self.min_delta
            waited = 0 if improved else waited + 1
            bar = losses[step] if improved else bar
        saved = [
            step
            for step, loss in losses.items()
            if step > 0 and step % self.saved_every == 0 and math.isfinite(loss)
        ]
        if waited < self.patience or not saved:
            return None
        best = min(saved, key=lambda step: (losses[step], step))
        reason = (
            f"the validation loss did not fall below {bar:.4g} by more than {self.min_delta:g} "
            f"in {waited} measurements"
        )
        return EarlyStop(step=max(losses), best_step=best, best_loss=losses[best], reason=reason)


@dataclass(frozen=True)
class EarlyStop:
    """A decision to stop a job: the current step, and the best saved step."""

    step: int
    best_step: int
    best_loss: float
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The form stored in the operations table, in a stage's result and in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EarlyStop:
        """The decision that `to_json` wrote."""
        return cls(**data)
