"""On which platform and which of the environment's clusters each part of a run goes; or why it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from atelier.operations.model import OperationKind
from atelier.platforms.clusters import JobCluster, eligible_clusters, is_of_clusters, kind_of, mismatch_reason
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.eks.hub_payload import needs_services
from atelier.platforms.eks.support import unsupported_reason
from atelier.problems import Problem
from atelier.recipes import Recipe
from atelier.recipes.hub.recipe import HubRecipe
from atelier.runs.model import Evaluation, Run, Stage

_CLUSTER_PLATFORMS = f"{OperationKind.EKS_JOB} or {OperationKind.SLURM_JOB}"


@dataclass(frozen=True)
class Placement:
    """A part of a run and the recipe that the catalogue has for it, among the clusters of an environment.

    Of `clusters` and a `bucket` that are None nothing is known: a run file can be read anywhere.
    """

    part: Stage | Evaluation
    recipe: Recipe
    clusters: Sequence[JobCluster] | None
    bucket: str | None = None
    hub: HubRecipe | None = None

    @property
    def cluster(self) -> JobCluster | None:
        """The one cluster that the part goes to."""
        found = eligible_clusters(self.recipe, self.clusters or (), self.part.cluster)
        return found[0] if len(found) == 1 else None

    @property
    def _needs_services(self) -> bool:
        return self.hub is not None and needs_services(self.hub)

    def problems(self, path: str) -> Iterator[Problem]:
        """Everything that keeps the part's job from being submitted; `path` is its field."""
        platform, wanted = self.recipe.platform, self.part.cluster
        if not is_of_clusters(platform):
            if wanted is not None:
                message = f"{platform} has no clusters; leave it out, or say platform: {_CLUSTER_PLATFORMS}"
                yield Problem(f"{path}.cluster", message, wanted, is_combination=True)
            return
        reason = unsupported_reason(self.recipe, self.hub) if platform == OperationKind.EKS_JOB else None
        if reason:
            yield Problem(f"{path}.platform", reason, platform, is_combination=True)
        elif self.clusters is not None:
            yield from self._misplaced(path, self.clusters)

    def warnings(self, path: str) -> Iterator[str]:
        """What is accepted although nothing comes of it."""
        reads = {key.filled_with for key in self.recipe.keys} & {"validation_data_s3_path", "validation_file"}
        if is_of_clusters(self.recipe.platform) and getattr(self.part, "validation", None) and not reads:
            yield (
                f"{path}.validation: {self.recipe.row.name} has no place for validation data on "
                f"{self.recipe.platform}; it is checked and then left out"
            )

    def _misplaced(self, path: str, clusters: Sequence[JobCluster]) -> Iterator[Problem]:
        platform, cluster = self.recipe.platform, self.cluster
        if not any(kind_of(one) == platform for one in clusters):
            others = ", ".join(
                name
                for name in self.recipe.row.platforms
                if not is_of_clusters(name) or any(kind_of(one) == name for one in clusters)
            )
            message = f"this environment has no cluster of it; {self.recipe.row.name} also runs on {others}"
            yield Problem(f"{path}.platform", message, platform, is_combination=True)
        elif cluster is None:
            message = mismatch_reason(self.recipe, clusters, self.part.cluster)
            problem = Problem(f"{path}.cluster", message, is_combination=True)
            yield replace(problem, found=self.part.cluster) if self.part.cluster else problem
        elif isinstance(cluster, Cluster) and not cluster.allows_services and self._needs_services:
            message = (
                f"does not let Atelier make the services of {self.recipe.row.name} (a Secret, Deployments, "
                "Jobs); accepted: a cluster that allows services"
            )
            yield Problem(f"{path}.cluster", message, cluster.configured_name, is_combination=True)
        elif isinstance(cluster, Cluster) and has_open_weights(self.recipe.base_model.model_type):
            yield from self._out_of_sight(path, cluster)

    def _out_of_sight(self, path: str, cluster: Cluster) -> Iterator[Problem]:
        """Pods that train open weights read files, and see no object that their storage does not show."""
        if cluster.storage is None:
            message = f"has no shared storage, by which {self.recipe.row.name} reads data and leaves models"
            yield Problem(f"{path}.cluster", message, cluster.configured_name, is_combination=True)
            return
        if self.bucket is None:
            return
        shown = cluster.storage.s3_uri
        for field in ("train", "validation", "dataset"):
            uri = getattr(self.part, field, None)
            if uri and not uri.startswith(shown):
                message = f"cluster {cluster.configured_name} reads objects below {shown} only"
                yield Problem(f"{path}.{field}", message, uri, is_combination=True)

    def pinned(self) -> dict[str, Any]:
        """What the part leaves open and its placement decides.

        A run that was checked keeps its platform, cluster and instances, whatever the environment becomes.
        """
        decided: dict[str, Any] = {"platform": self.recipe.platform}
        if self.cluster is not None:
            decided["cluster"] = self.cluster.configured_name
            decided["instance_type"] = self.recipe.instance_type
        return decided


def pinned(run: Run, placements: Mapping[str, Placement]) -> Run:
    """The run with every part where it goes; `placements` by field."""
    return run.model_copy(
        update={
            name: tuple(
                part.model_copy(update=placements[f"{name}.{index}"].pinned())
                for index, part in enumerate(getattr(run, name))
            )
            for name in ("stages", "evaluation")
        }
    )
