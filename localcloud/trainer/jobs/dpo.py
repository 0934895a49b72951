"""Direct preference optimization: prefer the chosen answer, more than the starting model did."""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from localcloud.trainer.jobs.adaptation import Adaptation, optimizer_settings
from localcloud.trainer.jobs.datasets import Pair
from localcloud.trainer.jobs.recipe import DpoSettings, TrainingConfig
from localcloud.trainer.jobs.training_loop import TrainingLoop
from localcloud.trainer.model.batches import IntArray, Sequences, epochs
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.losses import answer_log_probability, dpo_loss, dpo_margins
from localcloud.trainer.model.transformer import AnyArray, Parameters, forward

log = logging.getLogger(__name__)
REFERENCE_ROWS = 16


@functools.partial(jax.tree_util.register_dataclass, data_fields=["sequences", "reference"], meta_fields=[])
@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """Chosen answers, then rejected ones [2 N, S], and the reference's log probability of each [2 N]."""

    sequences: Sequences
    reference: AnyArray

    def take(self, indices: IntArray) -> Pairs:
        both = np.concatenate([indices, indices + len(self.sequences) // 2])
        return Pairs(self.sequences.take(both), self.reference[both])


def train_dpo(
    adaptation: Adaptation,
    rows: Sequence[Pair],
    config: TrainingConfig,
    dpo: DpoSettings,
    loop: TrainingLoop,
) -> None:
    """Train; the course gets the finished model. Stopped when it says so before."""
    start = adaptation.start

    def loss(trainable: Parameters, batch: Pairs, key: Array | None) -> tuple[Array, dict[str, Array]]:
        tokens, weights = batch.sequences.tokens, batch.sequences.weights
        logits = forward(
            start.config,
            {**adaptation.frozen, **trainable},
            tokens,
            adapter_scale=adaptation.adapter_scale,
            dropout=adaptation.dropout,
            key=key,
        )
        chosen, rejected = jnp.split(answer_log_probability(logits, tokens, weights), 2)
        reference_chosen, reference_rejected = jnp.split(batch.reference, 2)
        margins = dpo_margins(chosen, rejected, reference_chosen, reference_rejected, dpo.beta)
        figures = {"reward_accuracy": jnp.mean(margins > 0), "reward_margin": jnp.mean(margins)}
        return dpo_loss(margins), figures

    pairs = _with_reference(start, rows)
    # A batch is no larger than the data, but every rank has a row of it.
    batch = min(config.global_batch_size, -(-len(rows) // loop.ranks.size) * loop.ranks.size)
    epochs_wanted = config.trainer.max_epochs
    steps = math.ceil(len(rows) / batch) * epochs_wanted
    batches = (pairs.take(indices) for indices in epochs(len(rows), batch, epochs_wanted, loop.seed))
    settings = optimizer_settings(config.model)
    for step in loop.steps(adaptation.trainable, loss, batches, steps, settings):
        log.info(
            "global_step=%d reduced_train_loss=%.6f learning_rate=%.3e "
            "reward_accuracy=%.4f reward_margin=%.4f",
            step.number,
            step.loss,
            step.learning_rate,
            step.figures["reward_accuracy"],
            step.figures["reward_margin"],
        )
        if step.number == steps:
            loop.save(steps, adaptation.checkpoint(step.parameters), None)


def _with_reference(reference: Checkpoint, rows: Sequence[Pair]) -> Pairs:
    """The pairs with the frozen reference's log-probabilities, computed once."""
    sequences = Sequences.of([*(row.chosen for row in rows), *(row.rejected for row in rows)])
    weights = reference.merged()

    @jax.jit
    def log_probability(tokens: AnyArray, answered: AnyArray) -> Array:
        return answer_log_probability(forward(reference.config, weights, tokens), tokens, answered)

    found = []
    for indices in np.array_split(np.arange(len(sequences)), math.ceil(len(sequences) / REFERENCE_ROWS)):
        padded = np.resize(indices, REFERENCE_ROWS).astype(np.int32)
        part = sequences.take(padded)
        found.append(np.asarray(log_probability(part.tokens, part.weights))[: len(indices)])
    return Pairs(sequences, np.concatenate(found))
