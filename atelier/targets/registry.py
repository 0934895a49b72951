"""Deployment targets by name and by kind of operation, imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination
from atelier.registry import TARGETS

if TYPE_CHECKING:
    from atelier.runs.model import Run
    from atelier.targets.base import Target


def target_named(name: str) -> Target:
    """The target; UnsupportedCombination for one that is not registered."""
    if name not in TARGETS:
        raise UnsupportedCombination(f"deployment.target = {name!r}: accepted: {', '.join(TARGETS)}")
    target: Target = import_module(TARGETS[name].module).TARGET
    return target


def deployment_cost(run: Run) -> str | None:
    """Where a run's candidate would serve and what that costs without calls; None without a deployment."""
    if run.deployment is None:
        return None
    target = target_named(run.deployment.target)
    return f"Serves as {run.deployment.name} on {target.name}; costs without calls: {target.idle_cost}"


def target_of_kind(kind: str) -> str | None:
    """The target that an operation belongs to; None for a job or an approval."""
    return next((name for name, one in TARGETS.items() if kind in one.kinds), None)
