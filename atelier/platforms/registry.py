"""The platforms that jobs can be submitted to. A platform registers here and nowhere else.

A job's operation has its platform's name as its kind. Modules are imported when a platform is first used: a
function's cold start pays for the platforms of its own run.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination

if TYPE_CHECKING:
    from atelier.platforms.base import Platform

TRAINING_JOB = "training-job"
HYPERPOD_EKS = "hyperpod-eks"
HYPERPOD_SLURM = "hyperpod-slurm"

PLATFORMS: Mapping[str, str] = {
    TRAINING_JOB: "atelier.platforms.training_job.platform",
    HYPERPOD_EKS: "atelier.platforms.eks.platform",
    HYPERPOD_SLURM: "atelier.platforms.slurm.platform",
}
"""The module of each platform by name; it has the implementation as `PLATFORM`."""


def platform_named(name: str) -> Platform:
    """The platform; UnsupportedCombination for one that is not registered."""
    if name not in PLATFORMS:
        raise UnsupportedCombination(f"platform = {name!r}: accepted: {', '.join(PLATFORMS)}")
    platform: Platform = import_module(PLATFORMS[name]).PLATFORM
    return platform


def is_job(kind: str) -> bool:
    """True for the kind of an operation that trains or evaluates."""
    return kind in PLATFORMS
