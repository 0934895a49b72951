"""Selection of an environment's clusters, and their form in environment variables of functions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, TypeVar

from atelier.errors import UnsupportedCombination
from atelier.platforms.base import JobCluster, JobEnvironment
from atelier.platforms.container import has_open_weights
from atelier.platforms.registry import platform_named
from atelier.registry import PLATFORMS

if TYPE_CHECKING:
    from atelier.recipes.resolve import Recipe

_Cluster = TypeVar("_Cluster")


def dump_clusters(clusters: Iterable[JobCluster]) -> str:
    """Compact JSON without defaults: all environment variables of a function must fit into 4 KB."""
    return json.dumps([_to_json(cluster) for cluster in clusters], separators=(",", ":"))


def load_clusters(text: str) -> tuple[JobCluster, ...]:
    """The clusters that `dump_clusters` wrote; `kind` is their platform."""
    return tuple(
        platform_named(values["kind"]).read_cluster(
            {name: value for name, value in values.items() if name != "kind"}
        )
        for values in json.loads(text)
    )


def clusters_of_type(clusters: Iterable[JobCluster], kind: type[_Cluster]) -> list[_Cluster]:
    """The clusters of one platform, as its own type."""
    return [cluster for cluster in clusters if isinstance(cluster, kind)]


def needs_cluster(platform: str) -> bool:
    """True for a platform whose jobs run on an environment's own clusters."""
    return platform in PLATFORMS and platform_named(platform).needs_cluster


def instances_for(
    model_type: str, clusters: Iterable[JobCluster], requested: str | None
) -> dict[str, tuple[str, ...]]:
    """Instance types by platform for a base model's jobs, on all clusters or the requested one."""
    found: dict[str, tuple[str, ...]] = {}
    for cluster in clusters:
        fits = cluster.takes(open_weights=has_open_weights(model_type))
        if fits and requested in (None, cluster.configured_name):
            before = found.get(cluster.platform, ())
            found[cluster.platform] = tuple(dict.fromkeys((*before, *cluster.instance_types)))
    return found


def eligible_clusters(
    recipe: Recipe, clusters: Iterable[JobCluster], requested: str | None
) -> list[JobCluster]:
    """The clusters that can run a recipe; only the requested one if `requested` is set."""
    considered = (cluster for cluster in clusters if requested in (None, cluster.configured_name))
    return [cluster for cluster in considered if _can_run(cluster, recipe)]


def mismatch_reason(recipe: Recipe, clusters: Sequence[JobCluster], requested: str | None) -> str:
    """Why not exactly one cluster is eligible, and what would be accepted."""
    name, instance = recipe.row.name, recipe.instance_type
    fitting = ", ".join(one.configured_name for one in eligible_clusters(recipe, clusters, None))
    if fitting and requested is None:
        return f"several clusters run {name} on {instance}; name one: {fitting}"
    if fitting:
        return f"does not run {name} on {instance}; accepted: {fitting}"
    available = [cluster.description for cluster in clusters if cluster.platform == recipe.platform]
    groups = f"{'standard' if _open_weights(recipe) else 'restricted'} groups"
    return (
        f"{name} needs {recipe.replicas or 1} x {instance} in {groups}; "
        f"clusters of {recipe.platform} in this environment: {'; '.join(available) or 'none'}"
    )


def cluster_named(name: str | None, environment: JobEnvironment) -> JobCluster:
    """The environment's cluster of this name; UnsupportedCombination when it does not exist any more."""
    for cluster in environment.clusters:
        if cluster.configured_name == name:
            return cluster
    known = ", ".join(cluster.configured_name for cluster in environment.clusters) or "no cluster"
    raise UnsupportedCombination(
        f"cluster = {name!r}: environment {environment.environment} does not have this cluster any more; "
        f"it has {known}"
    )


def _can_run(cluster: JobCluster, recipe: Recipe) -> bool:
    return (
        cluster.platform == recipe.platform
        and cluster.takes(open_weights=_open_weights(recipe))
        and cluster.has_nodes_for(recipe.instance_type, recipe.replicas or 1)
    )


def _open_weights(recipe: Recipe) -> bool:
    return has_open_weights(str(recipe.values.get("run.model_type", recipe.base_model.model_type)))


def _to_json(cluster: JobCluster) -> dict[str, Any]:
    record: Any = cluster
    values = asdict(record)
    changed = {
        field.name: values[field.name]
        for field in fields(record)
        if getattr(record, field.name) != field.default
    }
    return {"kind": cluster.platform, **changed}
