"""The platform and cluster of each part of a run, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from atelier.platforms.base import JobCluster
from atelier.platforms.clusters import eligible_clusters, mismatch_reason, needs_cluster
from atelier.platforms.registry import platform_named
from atelier.problems import Problem
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.resolve import Recipe
from atelier.registry import PLATFORMS
from atelier.runs.model import Evaluation, Run, Stage


@dataclass(frozen=True)
class Placement:
    """A part of a run with its recipe, among the clusters of an environment.

    `clusters` and `bucket` are None when they are unknown, and are then not checked.
    """

    part: Stage | Evaluation
    recipe: Recipe
    clusters: Sequence[JobCluster] | None
    bucket: str | None = None
    hub: HubRecipe | None = None

    @property
    def cluster(self) -> JobCluster | None:
        """The only cluster that can run the part; None unless there is exactly one."""
        found = eligible_clusters(self.recipe, self.clusters or (), self.part.cluster)
        return found[0] if len(found) == 1 else None

    def problems(self, path: str) -> Iterator[Problem]:
        """The reasons why the part's job cannot be submitted; `path` is the part's field."""
        platform = self.recipe.platform
        if platform in PLATFORMS:
            reason = platform_named(platform).unsupported_reason(self.recipe, self.hub)
            if reason:
                yield Problem(f"{path}.platform", reason, platform, is_combination=True)
                return
        if needs_cluster(platform):
            if self.clusters is not None:
                yield from self._misplaced(path, self.clusters)
        elif self.part.cluster is not None:
            with_clusters = " or ".join(name for name in PLATFORMS if needs_cluster(name))
            message = f"{platform} has no clusters; leave cluster out, or set platform: {with_clusters}"
            yield Problem(f"{path}.cluster", message, self.part.cluster, is_combination=True)

    def warnings(self, path: str) -> Iterator[str]:
        """Warnings about settings that are accepted but have no effect."""
        reads = {key.filled_with for key in self.recipe.keys} & {"validation_data_s3_path", "validation_file"}
        if needs_cluster(self.recipe.platform) and getattr(self.part, "validation", None) and not reads:
            yield (
                f"{path}.validation: {self.recipe.row.name} reads no validation data on "
                f"{self.recipe.platform}; the dataset is checked but not used"
            )

    def _misplaced(self, path: str, clusters: Sequence[JobCluster]) -> Iterator[Problem]:
        platform, cluster = self.recipe.platform, self.cluster
        configured = {one.platform for one in clusters}
        if platform not in configured:
            others = ", ".join(
                name for name in self.recipe.row.platforms if not needs_cluster(name) or name in configured
            )
            message = (
                f"no {platform} cluster is configured in this environment; "
                f"{self.recipe.row.name} also runs on {others}"
            )
            yield Problem(f"{path}.platform", message, platform, is_combination=True)
        elif cluster is None:
            message = mismatch_reason(self.recipe, clusters, self.part.cluster)
            problem = Problem(f"{path}.cluster", message, is_combination=True)
            yield replace(problem, found=self.part.cluster) if self.part.cluster else problem
        else:
            yield from platform_named(platform).cluster_problems(
                self.recipe, cluster, hub=self.hub, data=self._data(), path=path
            )

    def _data(self) -> dict[str, str]:
        """The part's datasets by field; empty if the environment's bucket is unknown."""
        if self.bucket is None:
            return {}
        uris = {name: getattr(self.part, name, None) for name in ("train", "validation", "dataset")}
        return {name: uri for name, uri in uris.items() if uri}

    def pinned(self) -> dict[str, Any]:
        """The fields of the part that its placement decides.

        A checked run keeps its platform, cluster and instance type even if the environment changes.
        """
        decided: dict[str, Any] = {"platform": self.recipe.platform}
        if self.cluster is not None:
            decided["cluster"] = self.cluster.configured_name
            decided["instance_type"] = self.recipe.instance_type
        return decided


def pinned(run: Run, placements: Mapping[str, Placement]) -> Run:
    """The run with the platform and cluster of every part; `placements` by field."""
    return run.model_copy(
        update={
            name: tuple(
                part.model_copy(update=placements[f"{name}.{index}"].pinned())
                for index, part in enumerate(getattr(run, name))
            )
            for name in ("stages", "evaluation")
        }
    )
