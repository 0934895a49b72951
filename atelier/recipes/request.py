"""A recipe request: what a stage or an evaluation requires of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier.recipes.rows import Reward

AUTO = "auto"
JUDGE = "judge_model_id"


@dataclass(frozen=True, kw_only=True)
class RecipeRequest:
    """A request for a recipe. `path` is its field in the run file, for messages.

    A stage has `technique` and `adaptation`, an evaluation has `task`. `settings` has hyperparameters by
    name; the run file calls them `settings_field`. The platform `auto` means the cheapest of
    `platforms_here`, the platforms of the environment (empty: all that this release submits to).
    `instances_here` has the instance types of the environment's own clusters, by platform.
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
        """What scores answers in reinforcement learning: a judge if one is named, else a function."""
        return "judge" if JUDGE in self.settings else "verifiable"

    def __str__(self) -> str:
        return " ".join(filter(None, (self.base_model, self.technique, self.adaptation, self.task)))
