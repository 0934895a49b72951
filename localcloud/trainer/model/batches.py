"""Token sequences as arrays of one fixed shape, so that one compiled program serves a whole training."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from localcloud.trainer.model.chat import Encoded
from localcloud.trainer.model.transformer import AnyArray

IntArray = np.ndarray[Any, np.dtype[np.int32]]


@functools.partial(jax.tree_util.register_dataclass, data_fields=["tokens", "weights"], meta_fields=[])
@dataclasses.dataclass(frozen=True, slots=True)
class Sequences:
    """Rows of tokens [N, S], padded on the right, and how much predicting each of them counts."""

    tokens: AnyArray
    weights: AnyArray

    @classmethod
    def of(cls, rows: Sequence[Encoded], width: int | None = None) -> Sequences:
        longest = max(len(row.ids) for row in rows)
        width = width or -(-longest // 16) * 16
        tokens = np.zeros((len(rows), width), np.int32)
        weights = np.zeros((len(rows), width), np.float32)
        for index, row in enumerate(rows):
            tokens[index, : len(row.ids)] = row.ids
            weights[index, : len(row.ids)] = row.learned
        return cls(tokens, weights)

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, indices: IntArray) -> Sequences:
        return Sequences(self.tokens[indices], self.weights[indices])


def epochs(rows: int, batch: int, count: int | None, seed: int) -> Iterator[IntArray]:
    """Indices of every batch of `count` epochs (None: without end), each epoch in an order of its own.

    Every batch is full: an epoch's last one is completed with rows from the start of that epoch's order.
    """
    random = np.random.default_rng(seed)
    for _ in itertools.count() if count is None else range(count):
        order = random.permutation(rows).astype(np.int32)
        filled = np.resize(order, -(-rows // batch) * batch)
        yield from filled.reshape(-1, batch)
