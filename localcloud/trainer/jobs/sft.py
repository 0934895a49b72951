"""Supervised fine-tuning: learn the assistant's turns of conversations."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import logging
from collections.abc import Sequence

import jax
from jax import Array

from localcloud.trainer.jobs.adaptation import Adaptation
from localcloud.trainer.jobs.training_loop import TrainingLoop
from localcloud.trainer.model.batches import Sequences, epochs
from localcloud.trainer.model.chat import Encoded
from localcloud.trainer.model.losses import token_loss
from localcloud.trainer.model.optimizer import OptimizerSettings
from localcloud.trainer.model.transformer import Parameters, forward

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Batch size, steps, and the intervals of logging, evaluation and checkpoints.

    `measured_rows` of the validation data are looked at, all of them when None.
    """

    batch: int
    steps: int
    measure_every: int
    save_every: int
    log_every: int = 1
    measured_rows: int | None = None


def fine_tune(
    adaptation: Adaptation,
    rows: Sequence[Encoded],
    held_out: Sequence[Encoded],
    schedule: Schedule,
    settings: OptimizerSettings,
    loop: TrainingLoop,
) -> None:
    """Train until the last step; the course gets the models. Stopped when it says so before."""

    def loss(trainable: Parameters, batch: Sequences, key: Array | None) -> tuple[Array, dict[str, Array]]:
        logits = forward(
            adaptation.start.config,
            {**adaptation.frozen, **trainable},
            batch.tokens,
            adapter_scale=adaptation.adapter_scale,
            dropout=adaptation.dropout,
            key=key,
        )
        return token_loss(logits, batch.tokens, batch.weights), {}

    sequences = Sequences.of(rows)
    # Without end: a recipe that counts steps may ask for more of them than the data has batches.
    order = epochs(len(sequences), schedule.batch, None, loop.seed)
    batches = (sequences.take(indices) for indices in itertools.islice(order, schedule.steps))
    measured = held_out[: schedule.measured_rows]
    validation = Sequences.of(measured) if measured else None
    validation_loss = jax.jit(functools.partial(loss, key=None))
    for step in loop.steps(adaptation.trainable, loss, batches, schedule.steps, settings):
        if step.number % schedule.log_every == 0:
            log.info(
                "global_step=%d reduced_train_loss=%.6f learning_rate=%.3e",
                step.number,
                step.loss,
                step.learning_rate,
            )
        value = None
        if validation is not None and step.number % schedule.measure_every == 0:
            value = float(validation_loss(step.parameters, validation)[0])
            log.info("global_step=%d val_loss=%.6f", step.number, value)
        if step.number % schedule.save_every == 0 or step.number == schedule.steps:
            loop.save(step.number, adaptation.checkpoint(step.parameters), value)
