"""Supervised fine-tuning: learn the assistant's turns of conversations."""

from __future__ import annotations

import functools
import logging
import math

import jax
from jax import Array

from localcloud.jobs.adaptation import Adaptation, optimizer_settings
from localcloud.jobs.datasets import read_conversations
from localcloud.jobs.opt_ml import OptMl
from localcloud.jobs.recipe import TrainingConfig
from localcloud.model.batches import Sequences, epochs
from localcloud.model.checkpoint import Checkpoint
from localcloud.model.losses import token_loss
from localcloud.model.training import train
from localcloud.model.transformer import Parameters, forward

log = logging.getLogger(__name__)


def fine_tune(start: Checkpoint, config: TrainingConfig, opt_ml: OptMl, seed: int) -> tuple[Checkpoint, int]:
    """The trained model and the number of steps it took; validation loss is logged after every epoch."""
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
    per_epoch = math.ceil(len(sequences) / config.global_batch_size)
    steps = per_epoch * config.trainer.max_epochs
    order = epochs(len(sequences), config.global_batch_size, config.trainer.max_epochs, seed)
    batches = (sequences.take(indices) for indices in order)

    held_out = _validation(opt_ml, start, config)
    validation_loss = jax.jit(functools.partial(loss, key=None))
    trained = adaptation.trainable
    for step in train(adaptation.trainable, loss, batches, steps, optimizer_settings(config.model), seed):
        log.info(
            "global_step=%d reduced_train_loss=%.6f learning_rate=%.3e",
            step.number,
            step.loss,
            step.learning_rate,
        )
        if held_out is not None and step.number % per_epoch == 0:
            value, _ = validation_loss(step.parameters, held_out)
            log.info("global_step=%d val_loss=%.6f", step.number, float(value))
        trained = step.parameters
    return adaptation.checkpoint(trained), steps


def _validation(opt_ml: OptMl, start: Checkpoint, config: TrainingConfig) -> Sequences | None:
    files = opt_ml.optional_channel("validation")
    if not files:
        return None
    return Sequences.of(read_conversations(files, start.tokenizer, config.max_length))
