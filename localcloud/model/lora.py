"""Low-rank adapters: the part of a model that LoRA training changes (Hu et al. 2021, arXiv 2106.09685)."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax import Array

from localcloud.model.config import ModelConfig
from localcloud.model.transformer import Parameters, projections

RANK = 16
"""Nova recipes fix the rank of their adapters and let one choose alpha only; so does atelier-tiny."""


def initial_adapter(config: ModelConfig, key: Array) -> Parameters:
    """For each linear map W [in, out] a random A [in, r] and a zero B [r, out]: training starts at the
    base."""
    adapter: Parameters = {}
    shapes = projections(config)
    for (name, (inputs, outputs)), a_key in zip(
        shapes.items(), jax.random.split(key, len(shapes)), strict=True
    ):
        adapter[f"{name}.a"] = jax.random.normal(a_key, (inputs, RANK)) / math.sqrt(inputs)
        adapter[f"{name}.b"] = jnp.zeros((RANK, outputs))
    return adapter


def scale(alpha: float) -> float:
    return alpha / RANK


def merge(parameters: Parameters, adapter: Parameters, alpha: float) -> Parameters:
    """The weights that behave as base plus adapter: W + alpha / r * A B."""
    merged = dict(parameters)
    for name in adapter:
        if name.endswith(".b"):
            weight = name.removesuffix(".b")
            merged[weight] = parameters[weight] + scale(alpha) * adapter[f"{weight}.a"] @ adapter[name]
    return merged
