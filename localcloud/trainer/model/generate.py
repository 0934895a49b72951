"""Writing answers: many prompts at once for evaluation, one prompt token by token for serving."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.transformer import Cache, Parameters, extend

ROWS = 64
"""Prompts decoded at once; a short last batch is padded to it so that one compiled program serves all."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn; temperature 0 is greedy. `top_k` -1 and `top_p` 1 restrict nothing."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = -1

    def draw(self, logits: Array, key: Array) -> Array:
        """The next token of every row: logits [B, V] -> [B]."""
        values = jnp.float32(self.temperature), jnp.float32(self.top_p), jnp.int32(self.top_k)
        drawn: Array = _draw(logits, key, *values, greedy=self.temperature == 0)
        return drawn


def generate(
    config: ModelConfig,
    parameters: Parameters,
    prompts: Sequence[Sequence[int]],
    *,
    end: int,
    max_new_tokens: int,
    sampling: Sampling,
    seed: int = 0,
) -> list[list[int]]:
    """An answer to every prompt: the ids before the end token, at most max_new_tokens, within the context."""
    longest = max(map(len, prompts))
    width = min(config.context, _round_up(longest, 32))
    limit = min(max_new_tokens, config.context - min(map(len, prompts)))
    answers: list[list[int]] = []
    for start in range(0, len(prompts), ROWS):
        batch = prompts[start : start + ROWS]
        tokens = np.zeros((ROWS, width), np.int32)
        lengths = np.ones(ROWS, np.int32)
        for row, prompt in enumerate(batch):
            tokens[row, : len(prompt)] = prompt
            lengths[row] = len(prompt)
        finished = np.arange(ROWS) >= len(batch)
        key = jax.random.fold_in(jax.random.key(seed), start)
        written = _generate_batch(
            config,
            sampling,
            end,
            limit,
            parameters,
            jnp.asarray(tokens),
            jnp.asarray(lengths),
            jnp.asarray(finished),
            key,
        )
        answers += [_before(row, end) for row in np.asarray(written)[: len(batch)].tolist()]
    return answers


_State = tuple[Array, Cache, Array, Array, Array]
"""Steps taken, cache, logits of the next token, rows that have ended, ids written."""


class Stream:
    """Answers one prompt at a time, token by token.

    Making one compiles its programs, so that no request waits for that.
    """

    def __init__(self, config: ModelConfig, parameters: Parameters) -> None:
        self._config = config
        self._parameters = parameters
        self._extend = jax.jit(functools.partial(extend, config), donate_argnums=1)
        for _ in zip(range(2), self.tokens([0], Sampling(), seed=0), strict=False):
            pass

    def tokens(self, prompt: Sequence[int], sampling: Sampling, seed: int) -> Iterator[int]:
        """Generated ids until the context is full; whoever iterates stops at the end token."""
        context = self._config.context
        padded = np.zeros((1, context), np.int32)
        padded[0, : len(prompt)] = prompt
        positions = jnp.arange(context)[None]
        logits, cache = self._extend(
            self._parameters, Cache.empty(self._config, 1), jnp.asarray(padded), positions
        )
        following = logits[:, len(prompt) - 1]
        key = jax.random.key(seed)
        for position in range(len(prompt), context):
            token = sampling.draw(following, jax.random.fold_in(key, position))
            yield int(token[0])
            logits, cache = self._extend(self._parameters, cache, token[:, None], jnp.full((1, 1), position))
            following = logits[:, 0]


@functools.partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _generate_batch(
    config: ModelConfig,
    sampling: Sampling,
    end: int,
    limit: int,
    parameters: Parameters,
    tokens: Array,
    lengths: Array,
    finished: Array,
    key: Array,
) -> Array:
    """Ids [B, limit] that follow tokens[:, :lengths]; a finished row goes on with the end token."""
    rows = tokens.shape[0]
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1]), tokens.shape)
    logits, cache = extend(config, parameters, Cache.empty(config, rows), tokens, positions)
    following = logits[jnp.arange(rows), lengths - 1]

    def unfinished(state: _State) -> Array:
        step, _, _, finished, _ = state
        return (step < limit) & ~jnp.all(finished)

    def write(state: _State) -> _State:
        step, cache, following, finished, written = state
        position = lengths + step
        finished = finished | (position >= config.context)
        token = jnp.where(finished, end, sampling.draw(following, jax.random.fold_in(key, step)))
        finished = finished | (token == end)
        slot = jnp.minimum(position, config.context - 1)
        logits, cache = extend(config, parameters, cache, token[:, None], slot[:, None])
        return step + 1, cache, logits[:, 0], finished, written.at[:, step].set(token)

    written = jnp.full((rows, limit), end, jnp.int32)
    return lax.while_loop(unfinished, write, (jnp.int32(0), cache, following, finished, written))[-1]


@functools.partial(jax.jit, static_argnames="greedy")
def _draw(
    logits: Array, key: Array, temperature: Array, top_p: Array, top_k: Array, *, greedy: bool
) -> Array:
    """The next token of every row: logits [B, V] -> [B]."""
    if greedy:
        return jnp.argmax(logits, axis=-1)
    scaled = logits / temperature
    descending = jnp.sort(scaled, axis=-1)[:, ::-1]
    probabilities = jax.nn.softmax(descending, axis=-1)
    mass_before = jnp.cumsum(probabilities, axis=-1) - probabilities
    kept = jnp.sum(mass_before < top_p, axis=-1, keepdims=True)
    kept = jnp.where(top_k > 0, jnp.minimum(kept, top_k), kept)
    least = jnp.take_along_axis(descending, kept - 1, axis=-1)
    return jax.random.categorical(key, jnp.where(scaled < least, -jnp.inf, scaled), axis=-1)


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _before(ids: list[int], end: int) -> list[int]:
    return ids[: ids.index(end)] if end in ids else ids
