"""The protocol of a platform, and the types that its jobs are built from."""

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
    """One of an environment's own clusters, as the functions that submit jobs know it."""

    @property
    def configured_name(self) -> str:
        """The cluster's name in the environment and in run files."""

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
        """True when its instance groups run models of this kind."""

    def has_nodes_for(self, instance_type: str | None, replicas: int) -> bool:
        """True when it has nodes for a job of this size."""


class JobEnvironment(Protocol):
    """The settings of an environment that its jobs need (implemented by lambdas/settings.py)."""

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

    `checkpoint` is where the job starts; None for the base model. `distilled_dataset_uri` is the dataset of a
    distillation, which only AWS can read; it replaces the stage's own data. `hub` is the recipe as AWS's hub
    publishes it.
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
        """The S3 prefix of the job's output."""
        if self.stage.evaluates:
            return names.evaluation_output_prefix(self.run_id)
        return names.training_output_prefix(self.run_id)

    def model(self, bucket: str) -> str:
        """The initial model: a checkpoint's address, a base model's name, or the URI of its files."""
        if not self.stage.has_open_weights:
            return self.checkpoint or self.stage.base_model_path
        # The checkpoint of an evaluation's baseline is a name, from which no files can be read.
        if self.checkpoint and self.checkpoint.startswith("s3://"):
            return self.checkpoint
        return f"s3://{bucket}/{names.base_model_prefix(self.stage.base_model)}"


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A job as its platform's service accepts it.

    `request` is the operation's request (JSON), `recipe` the YAML that the job's containers read. `seconds`
    is the longest time to the job's end, including the wait for instances.
    """

    request: Mapping[str, Any]
    recipe: str
    seconds: int


class Platform(Protocol):
    """A platform for training and evaluation jobs. Implementations are stateless; adapters make the calls."""

    name: str
    needs_cluster: bool
    """True if jobs run on the environment's own clusters."""
    keeps_checkpoints_of_stopped_jobs: bool
    """True if the checkpoints of a job remain when it is stopped early."""

    def unsupported_reason(self, recipe: Recipe, hub: HubRecipe | None) -> str | None:
        """Why Atelier cannot submit the recipe to this platform, and an alternative; None if it can."""

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
        """Problems with the job on an otherwise suitable cluster.

        `data` has URIs by field below `path`.
        """

    def read_cluster(self, values: Mapping[str, Any]) -> JobCluster:
        """Build a cluster from the JSON in a function's environment variables."""

    def job_request(self, spec: JobSpec, environment: JobEnvironment) -> JobRequest:
        """Build the request of a job. UnsupportedCombination if the platform cannot run it."""


def main_image(recipe: Recipe, region: str) -> dict[str, str]:
    """The address of a recipe's only container, by role."""
    return {MAIN_IMAGE: recipe.images.uri(recipe.image, region)} if recipe.image else {}
