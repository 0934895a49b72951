"""The loop that every training shares: one compiled step, fed batches of one shape."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np
import optax
from jax import Array

from localcloud.model.optimizer import OptimizerSettings, adam, learning_rates
from localcloud.model.transformer import Parameters

Loss = Callable[[Parameters, Any, Array], tuple[Array, dict[str, Array]]]
"""(trainable parameters, batch, random key) -> (loss, figures worth logging)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One finished step, counted from 1, and the parameters after it (valid until the next step starts)."""

    number: int
    loss: float
    learning_rate: float
    figures: dict[str, float]
    parameters: Parameters


def train(
    trainable: Parameters,
    loss: Loss,
    batches: Iterable[Any],
    steps: int,
    settings: OptimizerSettings,
    seed: int,
) -> Iterator[Step]:
    """Take a step for each batch; the same seed gives the same steps.

    `steps` is their number, which shapes the learning rates.
    """
    rates = learning_rates(settings, steps)
    optimizer = adam(settings, rates)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def take_step(trainable: Parameters, state: optax.OptState, batch: Any, index: Any) -> Any:
        key = jax.random.fold_in(jax.random.key(seed), index)
        (value, figures), gradients = jax.value_and_grad(loss, has_aux=True)(trainable, batch, key)
        updates, state = optimizer.update(gradients, state, trainable)
        return optax.apply_updates(trainable, updates), state, value, rates(index), figures

    trainable = {name: np.array(value) for name, value in trainable.items()}  # a step donates its arguments
    state = jax.jit(optimizer.init)(trainable)
    for index, batch in enumerate(batches):
        trainable, state, value, rate, figures = take_step(trainable, state, batch, np.int32(index))
        yield Step(
            number=index + 1,
            loss=float(value),
            learning_rate=float(rate),
            figures={name: float(figure) for name, figure in figures.items()},
            parameters=trainable,
        )
