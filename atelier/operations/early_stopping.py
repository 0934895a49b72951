"""When a training job that no longer improves is stopped, and which of its checkpoints is kept.

Pure: losses by step in, a decision or nothing out. `settle` looks, records the decision and stops the job.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class StopPolicy:
    """What a row says about stopping its job early.

    The job is stopped once `patience` measurements in a row have not brought the validation loss below the
    best before them by more than `min_delta`. A checkpoint is saved every `saved_every` steps. `loss_keys`
    are the names under which the job's log may give the loss.
    """

    patience: int
    min_delta: float
    saved_every: int
    loss_keys: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The form kept in the operations table."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StopPolicy:
        """Read it back."""
        return cls(**{**data, "loss_keys": tuple(data["loss_keys"])})

    def decide(self, losses: Mapping[int, float]) -> EarlyStop | None:
        """Whether to stop now, given every validation loss so far by step; None to go on.

        A loss that is not a number is no improvement. Nothing is stopped of which nothing would be left: the
        best step is the lowest loss among the steps whose checkpoint is saved, and without one the job goes
        on.
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
    """The decision to stop a job: at which step, and which saved step is kept."""

    step: int
    best_step: int
    best_loss: float
    reason: str

    def to_json(self) -> dict[str, Any]:
        """The form kept in the operations table, in a stage's result and in the report."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EarlyStop:
        """Read it back."""
        return cls(**data)
