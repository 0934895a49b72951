"""The deployment targets. A target registers here and nowhere else.

Modules are imported when a target is first used. Kinds are stored in the operations table; those of
bedrock-on-demand are older than this registry, a new target's are `<target>/<step>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from atelier.errors import UnsupportedCombination

if TYPE_CHECKING:
    from atelier.targets.base import Target

BEDROCK_ON_DEMAND = "bedrock-on-demand"


@dataclass(frozen=True)
class Registration:
    """A target's module, which has the implementation as `TARGET`, and the kinds of its operations."""

    module: str
    kinds: tuple[str, ...]


TARGETS: Mapping[str, Registration] = {
    BEDROCK_ON_DEMAND: Registration(
        "atelier.targets.bedrock_on_demand", ("custom-model", "custom-model-deployment", "promotion")
    ),
}


def target_named(name: str) -> Target:
    """The target; UnsupportedCombination for one that is not registered."""
    if name not in TARGETS:
        raise UnsupportedCombination(f"deployment.target = {name!r}: accepted: {', '.join(TARGETS)}")
    target: Target = import_module(TARGETS[name].module).TARGET
    return target


def target_of_kind(kind: str) -> str | None:
    """The target that an operation belongs to; None for a job or an approval."""
    return next((name for name, one in TARGETS.items() if kind in one.kinds), None)
