"""What a step of a run is to do, before it is known how its platform is asked for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.operations.model import OperationKind
from atelier.platforms.container import has_open_weights
from atelier.recipes import Recipe
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.rows import EvaluationRow


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A recipe, and what it is applied to.

    `checkpoint` is None for the base model. `data` are datasets by name (`train`, `validation`); `made` is
    one that a distillation has made, which only AWS can read. `hub` is the recipe as AWS's hub publishes it,
    `cluster` the one to go to where the run names one.
    """

    run_id: str
    step: str
    recipe: Recipe
    checkpoint: str | None
    data: Mapping[str, str]
    distilled_dataset_uri: str | None = None
    output_prefix: str
    max_runtime_hours: float
    hub: HubRecipe | None = None
    cluster: str | None = None

    @property
    def kind(self) -> OperationKind:
        """The kind of its job."""
        return OperationKind(self.recipe.platform)

    @property
    def evaluates(self) -> bool:
        """True where a model is measured and none is made."""
        return isinstance(self.recipe.row, EvaluationRow)

    @property
    def has_open_weights(self) -> bool:
        """True where the model is files and no name."""
        return has_open_weights(
            str(self.recipe.values.get("run.model_type", self.recipe.base_model.model_type))
        )

    def model(self, bucket: str) -> str:
        """What the job starts from: a checkpoint's address, a base model's name, or where its files lie."""
        base_model = self.recipe.base_model
        if not self.has_open_weights:
            return self.checkpoint or base_model.model
        # The baseline of an evaluation is called by its name, which is no place to read files from.
        if self.checkpoint and self.checkpoint.startswith("s3://"):
            return self.checkpoint
        return f"s3://{bucket}/{names.base_model_prefix(base_model.name)}"


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A job as its platform is asked for it.

    `recipe` is YAML, as the containers read it. The job ends within `seconds`, waiting for machines included,
    or something is wrong with what should have ended it.
    """

    request: Mapping[str, Any]
    recipe: str
    seconds: int
