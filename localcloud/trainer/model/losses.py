"""What training minimises. Weights say which tokens of a sequence count: those the assistant wrote."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import optax
from jax import Array

from localcloud.trainer.model.transformer import AnyArray


def token_loss(logits: Array, tokens: AnyArray, weights: AnyArray) -> Array:
    """Mean cross-entropy of the weighted tokens: logits [B, S, V], tokens and weights [B, S] -> scalar."""
    losses = optax.softmax_cross_entropy_with_integer_labels(logits[:, :-1], tokens[:, 1:])
    return jnp.sum(losses * weights[:, 1:]) / jnp.maximum(jnp.sum(weights[:, 1:]), 1.0)


def answer_log_probability(logits: Array, tokens: AnyArray, weights: AnyArray) -> Array:
    """Log probability of each row's weighted tokens together: -> [B]."""
    losses = optax.softmax_cross_entropy_with_integer_labels(logits[:, :-1], tokens[:, 1:])
    return -jnp.sum(losses * weights[:, 1:], axis=1)


def dpo_margins(
    chosen: Array, rejected: Array, reference_chosen: AnyArray, reference_rejected: AnyArray, beta: float
) -> Array:
    """How much more than the reference the policy prefers the chosen answers, in units of reward: [B]."""
    return beta * ((chosen - reference_chosen) - (rejected - reference_rejected))


def dpo_loss(margins: Array) -> Array:
    """Direct preference optimization (Rafailov et al. 2023, arXiv 2305.18290, equation 7)."""
    return -jnp.mean(jax.nn.log_sigmoid(margins))
