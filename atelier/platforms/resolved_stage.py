"""A stage or an evaluation with all settings of its job, as ValidateRun decided them.

`runs/<run_id>/plan.json` stores them. States that submit jobs or read outputs resolve nothing again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from atelier.operations.early_stopping import StopPolicy
from atelier.platforms.container import has_open_weights
from atelier.recipes.document import Entry, fill

MAIN_IMAGE = "main"


@dataclass(frozen=True, kw_only=True)
class Instance:
    """An instance type with the accelerators and EFA network interfaces that a job gets."""

    name: str
    accelerators: int
    efa_devices: int = 0


@dataclass(frozen=True, kw_only=True)
class ResolvedStage:
    """A recipe with its platform, instances and containers, and the data that it reads.

    `field` is the field of the run file (`stages.0`, `evaluation.1`); `technique` is None for an evaluation.
    `model_type` is the recipe's `run.model_type`; `base_model_path` is the model that the container loads
    without a checkpoint. `entries` are the keys of the recipe document in order. `fills` has values by
    placeholder, `settings` has values by hyperparameter name. `images` has addresses by role; the job's
    container is `main`. `data` has the URIs of `train` and `validation`. `hub_recipe_uri` is the address of
    the recipe as AWS's hub published it.
    """

    field: str
    recipe: str
    origin: str
    template: str
    platform: str
    cluster: str | None = None
    technique: str | None = None
    adaptation: str | None = None
    base_model: str
    base_model_path: str
    model_type: str
    entries: tuple[Entry, ...]
    fills: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    data_mixing: Mapping[str, Any] | None = None
    images: Mapping[str, str] = dataclasses.field(default_factory=dict)
    instance: Instance | None = None
    replicas: int | None = None
    dataset_format: str | None = None
    data: Mapping[str, str] = dataclasses.field(default_factory=dict)
    max_runtime_hours: float
    stop_policy: StopPolicy | None = None
    hub_recipe_uri: str | None = None

    @property
    def evaluates(self) -> bool:
        """True for an evaluation."""
        return self.technique is None

    @property
    def has_open_weights(self) -> bool:
        """True if the model is a folder of files and not a name."""
        return has_open_weights(self.model_type)

    def document(self, *, job_name: str, model: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The recipe as its container reads it; `inputs` are values by placeholder (recipes.rows.Fill)."""
        filled = {**self.fills, **inputs, "job_name": job_name, "model": model}
        return fill(self.entries, filled, data_mixing=self.data_mixing, recipe=self.recipe)

    def to_json(self) -> dict[str, Any]:
        """The form stored in plan.json."""
        return {**asdict(self), "entries": [entry.to_json() for entry in self.entries]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ResolvedStage:
        """The stage that `to_json` wrote; unknown fields of a newer version are ignored."""
        known = {one.name: data[one.name] for one in dataclasses.fields(cls) if one.name in data}
        known["entries"] = tuple(map(Entry.from_json, known["entries"]))
        if known.get("instance"):
            known["instance"] = Instance(**known["instance"])
        if known.get("stop_policy"):
            known["stop_policy"] = StopPolicy.from_json(known["stop_policy"])
        return cls(**known)
