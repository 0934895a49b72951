"""The loop that every training shares: one compiled step, fed batches of one shape."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import numpy as np
import optax
from jax import Array

from localcloud.trainer.model.optimizer import OptimizerSettings, adam, learning_rates
from localcloud.trainer.model.ranks import Ranks
from localcloud.trainer.model.transformer import Parameters

Loss = Callable[[Parameters, Any, Array], tuple[Array, dict[str, Array]]]
"""(trainable parameters, batch, random key) -> (loss, figures worth logging)."""

HostArray = np.ndarray[Any, Any]
SINGLE_PROCESS = Ranks()


@dataclasses.dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the steps after one depend on, beside their batches: to go on where a training broke off.

    `moments` are the leaves of the optimizer's state, in the order of its tree.
    """

    step: int
    parameters: dict[str, HostArray]
    moments: list[HostArray]


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One finished step, counted from 1, and the parameters after it (valid until the next step starts)."""

    number: int
    loss: float
    learning_rate: float
    figures: dict[str, float]
    parameters: Parameters
    optimizer: optax.OptState

    def snapshot(self) -> Snapshot:
        """A copy on the host, valid as long as one likes."""
        return Snapshot(
            self.number,
            {name: np.array(value) for name, value in self.parameters.items()},
            [np.array(leaf) for leaf in jax.tree_util.tree_leaves(self.optimizer)],
        )


def train(
    trainable: Parameters,
    loss: Loss,
    batches: Iterable[Any],
    steps: int,
    settings: OptimizerSettings,
    seed: int,
    *,
    ranks: Ranks = SINGLE_PROCESS,
    after: Snapshot | None = None,
) -> Iterator[Step]:
    """Take a step for each batch; the same seed gives the same steps, with any number of ranks.

    `steps` is their number, which shapes the learning rates. Those up to the snapshot are taken as taken.
    """
    rates = learning_rates(settings, steps)
    optimizer = adam(settings, rates)

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def take_step(trainable: Parameters, state: optax.OptState, batch: Any, index: Any) -> Any:
        key = jax.random.fold_in(jax.random.key(seed), index)
        (value, figures), gradients = jax.value_and_grad(loss, has_aux=True)(trainable, batch, key)
        updates, state = optimizer.update(gradients, state, trainable)
        return optax.apply_updates(trainable, updates), state, value, rates(index), figures

    # Copies: a step donates its arguments.
    trainable = {name: np.array(value) for name, value in (after.parameters if after else trainable).items()}
    trainable = ranks.replicate(trainable)
    state = jax.jit(optimizer.init)(trainable)
    if after is not None:
        state = ranks.replicate(
            jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(state), after.moments)
        )
    taken = after.step if after else 0
    for index, batch in enumerate(itertools.islice(batches, taken, None), taken):
        trainable, state, value, rate, figures = take_step(
            trainable, state, ranks.share(batch), np.int32(index)
        )
        yield Step(
            number=index + 1,
            loss=float(value),
            learning_rate=float(rate),
            figures={name: float(figure) for name, figure in figures.items()},
            parameters=trainable,
            optimizer=state,
        )
