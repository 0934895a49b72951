"""Low-rank adapters: the part of a model that LoRA training changes (Hu et al. 2021, arXiv 2106.09685)."""

from __future__ import annotations

import math

import numpy as np

from localcloud.trainer.model.config import ModelConfig
from localcloud.trainer.model.transformer import AnyArray, Parameters, normal, projections

RANK = 16
"""Of atelier-tiny: Nova's recipes fix the rank of their adapters and let one choose alpha only."""


def initial_adapter(config: ModelConfig, rank: int, seed: int) -> Parameters:
    """For each linear map W [in, out] a random A [in, r] and a zero B [r, out]: training starts at the
    base."""
    random = np.random.default_rng(seed)
    adapter: dict[str, AnyArray] = {}
    for name, (inputs, outputs) in projections(config).items():
        adapter[f"{name}.a"] = normal(random, (inputs, rank), 1 / math.sqrt(inputs))
        adapter[f"{name}.b"] = np.zeros((rank, outputs), np.float32)
    return adapter


def scale(alpha: float, rank: int) -> float:
    return alpha / rank


def merge(parameters: Parameters, adapter: Parameters, alpha: float) -> Parameters:
    """The weights that behave as base plus adapter: W + alpha / r * A B."""
    merged = dict(parameters)
    for name in adapter:
        if name.endswith(".b"):
            weight = name.removesuffix(".b")
            a, b = np.asarray(adapter[f"{weight}.a"]), np.asarray(adapter[name])
            merged[weight] = np.asarray(parameters[weight]) + np.float32(scale(alpha, len(b))) * (a @ b)
    return merged
