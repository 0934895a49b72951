"""Supervised fine-tuning: learn the assistant's turns of conversations."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import logging
import math
from collections.abc import Callable

import jax
from jax import Array

from localcloud.jobs.adaptation import Adaptation, optimizer_settings
from localcloud.jobs.datasets import read_conversations
from localcloud.jobs.opt_ml import OptMl
from localcloud.jobs.recipe import StepsConfig, TrainingConfig
from localcloud.jobs.saved_steps import Save
from localcloud.model.batches import Sequences, epochs
from localcloud.model.checkpoint import Checkpoint
from localcloud.model.losses import token_loss
from localcloud.model.training import train
from localcloud.model.transformer import Parameters, forward

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """How many steps a training takes, and after how many it measures and saves.

    `measured_rows` of the validation data are looked at, all of them when None.
    """

    steps: int
    measure_every: int
    save_every: int
    measured_rows: int | None = None

    @classmethod
    def of(cls, config: TrainingConfig | StepsConfig, rows: int) -> Pace:
        """Nova 1.0 counts epochs, measures after each and saves the finished model; Nova 2 counts steps."""
        if isinstance(config, StepsConfig):
            return cls(
                steps=config.max_steps,
                measure_every=config.val_check_interval,
                save_every=config.save_steps,
                measured_rows=config.limit_val_batches * config.global_batch_size,
            )
        per_epoch = math.ceil(rows / config.global_batch_size)
        steps = per_epoch * config.trainer.max_epochs
        return cls(steps=steps, measure_every=per_epoch, save_every=steps)


def fine_tune(
    start: Checkpoint,
    config: TrainingConfig | StepsConfig,
    opt_ml: OptMl,
    seed: int,
    *,
    save: Save,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Train until the recipe's last step, or until `is_stopped` after some step; `save` gets the models."""
    adaptation = Adaptation.of(start, config.model, seed)

    def loss(trainable: Parameters, batch: Sequences, key: Array | None) -> tuple[Array, dict[str, Array]]:
        logits = forward(
            start.config,
            {**adaptation.frozen, **trainable},
            batch.tokens,
            adapter_scale=adaptation.adapter_scale,
            dropout=adaptation.dropout,
            key=key,
        )
        return token_loss(logits, batch.tokens, batch.weights), {}

    rows = read_conversations(opt_ml.channel("train"), start.tokenizer, config.max_length)
    sequences = Sequences.of(rows)
    pace = Pace.of(config, len(sequences))
    # Without end: a recipe that counts steps may ask for more of them than the data has batches.
    order = epochs(len(sequences), config.global_batch_size, None, seed)
    batches = (sequences.take(indices) for indices in itertools.islice(order, pace.steps))

    held_out = _validation(opt_ml, start, config.max_length, pace.measured_rows)
    validation_loss = jax.jit(functools.partial(loss, key=None))
    settings = optimizer_settings(config.model)
    for step in train(adaptation.trainable, loss, batches, pace.steps, settings, seed):
        log.info(
            "global_step=%d reduced_train_loss=%.6f learning_rate=%.3e",
            step.number,
            step.loss,
            step.learning_rate,
        )
        measured = None
        if held_out is not None and step.number % pace.measure_every == 0:
            measured = float(validation_loss(step.parameters, held_out)[0])
            log.info("global_step=%d val_loss=%.6f", step.number, measured)
        if step.number % pace.save_every == 0 or step.number == pace.steps:
            save(step.number, adaptation.checkpoint(step.parameters), measured)
        if is_stopped():
            log.info("stopped after global_step=%d, as asked", step.number)
            return


def _validation(
    opt_ml: OptMl, start: Checkpoint, max_length: int, measured_rows: int | None
) -> Sequences | None:
    files = opt_ml.optional_channel("validation")
    if not files or measured_rows == 0:
        return None
    rows = read_conversations(files, start.tokenizer, max_length)
    return Sequences.of(rows[:measured_rows])
