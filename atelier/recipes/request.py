"""What a part of a run asks of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier.recipes.rows import Reward

AUTO = "auto"
JUDGE = "judge_model_id"


@dataclass(frozen=True, kw_only=True)
class RecipeRequest:
    """A wish. `path` is its field in the run file, for messages.

    A stage has `technique` and `adaptation`, an evaluation `task`. `settings` are hyperparameters by name,
    which the run file calls `settings_field`. `platform` may be `auto`: the cheapest of `platforms_here`, to
    which jobs can be submitted (none given: all that this release submits to). `instances_here`: what a
    platform has in this environment, where that is its own and not AWS's.
    """

    path: str
    base_model: str
    environment: str
    platform: str = "training-job"
    platforms_here: tuple[str, ...] = ()
    instances_here: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    technique: str | None = None
    adaptation: str | None = None
    teacher: str | None = None
    task: str | None = None
    instance_type: str | None = None
    replicas: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    settings_field: str = "hyperparameters"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    data_mixing: Mapping[str, Any] | None = None

    @property
    def reward(self) -> Reward:
        """What scores the answers in reinforcement learning: a function, unless a judging model is named."""
        return "judge" if JUDGE in self.settings else "verifiable"

    def __str__(self) -> str:
        return " ".join(filter(None, (self.base_model, self.technique, self.adaptation, self.task)))
