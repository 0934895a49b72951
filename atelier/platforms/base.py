"""What a platform is: the protocol that each implements, and what its jobs are made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from atelier import names
from atelier.platforms.resolved_stage import MAIN_IMAGE, ResolvedStage

if TYPE_CHECKING:
    from atelier.problems import Problem
    from atelier.recipes.catalogue import Catalogue
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe


class JobCluster(Protocol):
    """One of an environment's own clusters, as the functions that send jobs there know it."""

    @property
    def configured_name(self) -> str:
        """What the environment and run files call it."""

    @property
    def platform(self) -> str:
        """The platform of its jobs."""

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Its nodes' instance types."""

    @property
    def description(self) -> str:
        """Its name and nodes, for messages."""

    def takes(self, *, open_weights: bool) -> bool:
        """True when its groups run models of this kind."""

    def has_nodes_for(self, instance_type: str | None, replicas: int) -> bool:
        """True when it has nodes for a job of this size."""


class JobEnvironment(Protocol):
    """What a deployed environment gives to its jobs (lambdas/settings.py implements it)."""

    @property
    def environment(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def bucket(self) -> str: ...
    @property
    def key_arn(self) -> str: ...
    @property
    def training_role_arn(self) -> str: ...
    @property
    def distillation_role_arn(self) -> str: ...
    @property
    def subnet_ids(self) -> Sequence[str]: ...
    @property
    def security_group_ids(self) -> Sequence[str]: ...
    @property
    def clusters(self) -> Sequence[JobCluster]: ...


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A job to request, independent of its platform.

    `checkpoint` is what the job starts from, None for the base model. `distilled_dataset_uri` is training
    data that a distillation made, which only AWS can read; it replaces the stage's own. `hub` is the recipe
    as AWS's hub publishes it.
    """

    run_id: str
    step: str
    stage: ResolvedStage
    checkpoint: str | None = None
    distilled_dataset_uri: str | None = None
    hub: HubRecipe | None = None

    @property
    def name(self) -> str:
        """The job's name."""
        return names.operation_name(self.run_id, self.step)

    @property
    def output_prefix(self) -> str:
        """Prefix of the bucket below which the job writes."""
        if self.stage.evaluates:
            return names.evaluation_output_prefix(self.run_id)
        return names.training_output_prefix(self.run_id)

    def model(self, bucket: str) -> str:
        """Where the job starts: a checkpoint's address, a base model's name, or the prefix of its files."""
        if not self.stage.has_open_weights:
            return self.checkpoint or self.stage.base_model_path
        # The baseline of an evaluation is given by name, which is no place to read files from.
        if self.checkpoint and self.checkpoint.startswith("s3://"):
            return self.checkpoint
        return f"s3://{bucket}/{names.base_model_prefix(self.stage.base_model)}"


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A job as its platform's service takes it.

    `request` is the operation's request (JSON), `recipe` the YAML that its containers read. The job ends
    within `seconds`, waiting for machines included, or something is wrong with what should have ended it.
    """

    request: Mapping[str, Any]
    recipe: str
    seconds: int


class Platform(Protocol):
    """One place where jobs train and evaluate. Implementations are stateless; adapters make the calls."""

    name: str
    needs_cluster: bool
    """True where jobs run on one of the environment's own clusters."""
    keeps_checkpoints_of_stopped_jobs: bool
    """True where a job can be stopped early without losing its model."""

    def unsupported_reason(self, recipe: Recipe, hub: HubRecipe | None) -> str | None:
        """Why Atelier cannot submit the recipe here, with what it could; None when it can."""

    def images(self, recipe: Recipe, shipped: Catalogue, region: str) -> Mapping[str, str]:
        """Addresses of the job's containers by role, `main` among them."""

    def cluster_problems(
        self,
        recipe: Recipe,
        cluster: JobCluster,
        *,
        hub: HubRecipe | None,
        data: Mapping[str, str],
        path: str,
    ) -> Iterator[Problem]:
        """What keeps the job off an otherwise suitable cluster; `data` are URIs by field below `path`."""

    def read_cluster(self, values: Mapping[str, Any]) -> JobCluster:
        """A cluster from the JSON of a function's environment."""

    def job_request(self, spec: JobSpec, environment: JobEnvironment) -> JobRequest:
        """The request of a job. UnsupportedCombination when it cannot be made."""


def main_image(recipe: Recipe, region: str) -> dict[str, str]:
    """The address of the recipe's one container."""
    return {MAIN_IMAGE: recipe.images.uri(recipe.image, region)} if recipe.image else {}
