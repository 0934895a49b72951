"""How a training is run: by which ranks, where its models go, when it breaks off and where it goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.trainer.jobs.resume import ResumePoint
from localcloud.trainer.jobs.saved_steps import Save
from localcloud.trainer.model.optimizer import OptimizerSettings
from localcloud.trainer.model.ranks import Ranks
from localcloud.trainer.model.training import SINGLE_PROCESS, Loss, Step, train
from localcloud.trainer.model.transformer import Parameters

log = logging.getLogger(__name__)

SEED = 1
"""Nova's recipes have no seed. With one for all, the same recipe on the same data makes the same model."""

SNAPSHOT_STEPS = 20
"""How many steps a training that broke off takes again, at most. A snapshot takes as long as half a step."""


IsStopped = Callable[[int], bool]
"""Step -> whether the training is to end after it."""


class Stopped(Exception):
    """The training was stopped, and ended after this step."""

    def __init__(self, step: int) -> None:
        super().__init__(f"stopped after global_step={step}, as requested")


def never(_step: int) -> bool:
    """`is_stopped` of a training that is never stopped."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingLoop:
    """The steps of one training. `is_stopped` is called after each step; `resume` keeps snapshots."""

    save: Save
    seed: int = SEED
    ranks: Ranks = SINGLE_PROCESS
    is_stopped: IsStopped = never
    resume: ResumePoint | None = None

    def steps(
        self,
        trainable: Parameters,
        loss: Loss,
        batches: Iterable[Any],
        steps: int,
        settings: OptimizerSettings,
    ) -> Iterator[Step]:
        """The remaining steps. Stopped when `is_stopped` says so; what the caller did with the step is
        done by then."""
        after = self.resume.load() if self.resume else None
        if after is not None:
            log.info("going on after global_step=%d", after.step)
        for step in train(
            trainable, loss, batches, steps, settings, self.seed, ranks=self.ranks, after=after
        ):
            yield step
            is_stopped = self.is_stopped(step.number)
            is_due = is_stopped or step.number % SNAPSHOT_STEPS == 0 or step.number == steps
            if self.resume is not None and is_due and self.ranks.is_first:
                self.resume.save(step.snapshot())
            if is_stopped and step.number < steps:
                raise Stopped(step.number)
