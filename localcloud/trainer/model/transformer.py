"""The forward pass of the tiny model, with and without a key-value cache.

Parameters are a flat dict of arrays, so that safetensors stores them as they are. Activations stay two-
dimensional, one row a token, outside attention: XLA on a CPU differentiates products of matrices twice as
fast as products of three-dimensional arrays. Shapes: B rows, S positions, T = B * S tokens, C context, D
width, H heads, K head width, V vocabulary.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from localcloud.trainer.model.config import ModelConfig

AnyArray = Array | np.ndarray[Any, Any]
"""Device or host: what only passes through or is looked up stays with NumPy, which compiles nothing."""

Parameters = Mapping[str, AnyArray]

ROTARY_BASE = 100.0
"""Wavelengths of 6 to 350 positions; with the usual 10,000 most would be longer than the context."""


@dataclasses.dataclass(frozen=True, slots=True)
class Dropout:
    """Rates at which training drops activations: a recipe's hidden, attention, ffn and adapter dropout."""

    hidden: float = 0.0
    attention: float = 0.0
    ffn: float = 0.0
    adapter: float = 0.0


@functools.partial(jax.tree_util.register_dataclass, data_fields=["keys", "values"], meta_fields=[])
@dataclasses.dataclass(frozen=True, slots=True)
class Cache:
    """Keys and values of every position so far, [B, C, H, K] for each layer."""

    keys: list[Array]
    values: list[Array]

    @classmethod
    def empty(cls, config: ModelConfig, rows: int) -> Cache:
        shape = (rows, config.context, config.heads, config.head_width)
        return cls(
            [jnp.zeros(shape) for _ in range(config.layers)], [jnp.zeros(shape) for _ in range(config.layers)]
        )


def projections(config: ModelConfig) -> dict[str, tuple[int, int]]:
    """The linear maps, which are what LoRA adapts: name -> (inputs, outputs)."""
    width, hidden = config.width, config.hidden
    shapes: dict[str, tuple[int, int]] = {}
    for layer in range(config.layers):
        for name in ("query", "key", "value", "output"):
            shapes[f"layers.{layer}.attention.{name}"] = (width, width)
        shapes[f"layers.{layer}.ffn.up"] = (width, hidden)
        shapes[f"layers.{layer}.ffn.down"] = (hidden, width)
    return shapes


def initial_parameters(config: ModelConfig, seed: int) -> Parameters:
    """Random weights that keep the variance of what they map; additions to the residual shrink with depth."""
    random = np.random.default_rng(seed)
    parameters: dict[str, AnyArray] = {
        "embedding": normal(random, (config.vocabulary, config.width), 1 / math.sqrt(config.width)),
        "norm": np.ones(config.width, np.float32),
    }
    for layer in range(config.layers):
        parameters[f"layers.{layer}.attention.norm"] = np.ones(config.width, np.float32)
        parameters[f"layers.{layer}.ffn.norm"] = np.ones(config.width, np.float32)
    for name, shape in projections(config).items():
        scale = 1 / math.sqrt(shape[0])
        if name.endswith((".output", ".down")):
            scale /= math.sqrt(2 * config.layers)
        parameters[name] = normal(random, shape, scale)
    return parameters


def normal(random: np.random.Generator, shape: tuple[int, int], scale: float) -> np.ndarray[Any, Any]:
    """Drawn on the host: on the device every new shape would be a program to compile."""
    return random.standard_normal(shape, np.float32) * np.float32(scale)


def forward(
    config: ModelConfig,
    parameters: Parameters,
    tokens: AnyArray,
    *,
    adapter_scale: float = 1.0,
    dropout: Dropout | None = None,
    key: Array | None = None,
) -> Array:
    """Logits [B, S, V] for tokens [B, S], which are padded on the right, where the causal mask hides it.

    Where `parameters` hold low-rank updates ("<projection>.a", "<projection>.b") they apply, scaled.
    `dropout` applies only when `key` is given.
    """
    rows, length = tokens.shape
    drop = _Drop(dropout or Dropout(), key)
    linear = _Linear(parameters, adapter_scale, drop)
    positions = jnp.arange(length)[None]
    hidden = drop(jnp.asarray(parameters["embedding"])[tokens.reshape(-1)], drop.rates.hidden, "embedding")
    for layer in range(config.layers):
        query, keys, values = _attention_inputs(config, linear, layer, hidden, positions, rows)
        attended = _attend(query, keys, values, positions, positions, drop, f"{layer}.attention")
        attended = linear(f"layers.{layer}.attention.output", attended)
        hidden += drop(attended, drop.rates.hidden, f"{layer}.attended")
        hidden += drop(_ffn(linear, layer, hidden, drop), drop.rates.hidden, f"{layer}.ffn")
    return _logits(parameters, hidden).reshape(rows, length, -1)


def extend(
    config: ModelConfig, parameters: Parameters, cache: Cache, tokens: Array, positions: Array
) -> tuple[Array, Cache]:
    """Read tokens [B, S] at positions [B, S] into the cache; logits [B, S, V] of what follows each.

    One function reads a prompt (S = its length) and writes an answer (S = 1).
    """
    rows, length = tokens.shape
    drop = _Drop(Dropout(), None)
    linear = _Linear(parameters, 1.0, drop)
    row = jnp.arange(rows)[:, None]
    every_position = jnp.arange(config.context)[None]
    extended = Cache([], [])
    hidden = jnp.asarray(parameters["embedding"])[tokens.reshape(-1)]
    for layer in range(config.layers):
        query, keys, values = _attention_inputs(config, linear, layer, hidden, positions, rows)
        extended.keys.append(cache.keys[layer].at[row, positions].set(keys))
        extended.values.append(cache.values[layer].at[row, positions].set(values))
        attended = _attend(
            query, extended.keys[layer], extended.values[layer], positions, every_position, drop, "attention"
        )
        hidden += linear(f"layers.{layer}.attention.output", attended)
        hidden += _ffn(linear, layer, hidden, drop)
    return _logits(parameters, hidden).reshape(rows, length, -1), extended


class _Drop:
    """Drops activations at a rate, every call with randomness of its own; does nothing without a key."""

    def __init__(self, rates: Dropout, key: Array | None) -> None:
        self.rates = rates
        self._key = key
        self._sites: dict[str, int] = {}

    def __call__(self, values: Array, rate: float, site: str) -> Array:
        if self._key is None or rate == 0.0:
            return values
        key = jax.random.fold_in(self._key, self._sites.setdefault(site, len(self._sites)))
        return jnp.where(jax.random.bernoulli(key, 1 - rate, values.shape), values / (1 - rate), 0.0)


@dataclasses.dataclass(frozen=True, slots=True)
class _Linear:
    """Applies a linear map and, where there is one, its low-rank update: x W + scale * drop(x) A B."""

    parameters: Parameters
    adapter_scale: float
    drop: _Drop

    def __call__(self, name: str, inputs: Array) -> Array:
        outputs = inputs @ self.parameters[name]
        if f"{name}.a" in self.parameters:
            dropped = self.drop(inputs, self.drop.rates.adapter, name)
            low_rank = (dropped @ self.parameters[f"{name}.a"]) @ self.parameters[f"{name}.b"]
            outputs += self.adapter_scale * low_rank
        return outputs


def _attention_inputs(
    config: ModelConfig, linear: _Linear, layer: int, hidden: Array, positions: Array, rows: int
) -> tuple[Array, Array, Array]:
    """Query, keys and values [B, S, H, K], the first two rotated to their positions."""
    normed = _rms_norm(hidden, linear.parameters[f"layers.{layer}.attention.norm"])
    query, keys, values = (
        linear(f"layers.{layer}.attention.{name}", normed).reshape(rows, -1, config.heads, config.head_width)
        for name in ("query", "key", "value")
    )
    return _rotate(config, query, positions), _rotate(config, keys, positions), values


def _attend(
    query: Array,
    keys: Array,
    values: Array,
    query_positions: Array,
    key_positions: Array,
    drop: _Drop,
    site: str,
) -> Array:
    """Causal attention by position, [B, S, H, K] over [B, C, H, K] -> [T, D]."""
    scores = jnp.einsum("bshk,bchk->bhsc", query, keys) / math.sqrt(query.shape[-1])
    visible = key_positions[:, None, None, :] <= query_positions[:, None, :, None]
    weights = drop(jax.nn.softmax(jnp.where(visible, scores, -1e30)), drop.rates.attention, site)
    attended = jnp.einsum("bhsc,bchk->bshk", weights, values)
    return attended.reshape(query.shape[0] * query.shape[1], -1)


def _ffn(linear: _Linear, layer: int, hidden: Array, drop: _Drop) -> Array:
    normed = _rms_norm(hidden, linear.parameters[f"layers.{layer}.ffn.norm"])
    activated = jax.nn.gelu(linear(f"layers.{layer}.ffn.up", normed))
    return linear(f"layers.{layer}.ffn.down", drop(activated, drop.rates.ffn, f"{layer}.activated"))


def _rms_norm(hidden: Array, weight: AnyArray) -> Array:
    return hidden * lax.rsqrt(jnp.mean(hidden * hidden, axis=-1, keepdims=True) + 1e-6) * weight


def _rotate(config: ModelConfig, heads: Array, positions: Array) -> Array:
    """Rotary position embedding (RoFormer, arXiv 2104.09864) of [B, S, H, K], half against half.

    The sines come from a table: XLA would fuse their computation into, and repeat it for, every element that
    uses one.
    """
    half = config.head_width // 2
    angles = np.arange(config.context)[:, None] * ROTARY_BASE ** (-np.arange(half) / half)
    cos = jnp.asarray(np.cos(angles), jnp.float32)[positions][:, :, None, :]
    sin = jnp.asarray(np.sin(angles), jnp.float32)[positions][:, :, None, :]
    first, second = heads[..., :half], heads[..., half:]
    return jnp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def _logits(parameters: Parameters, hidden: Array) -> Array:
    return _rms_norm(hidden, parameters["norm"]) @ parameters["embedding"].T
