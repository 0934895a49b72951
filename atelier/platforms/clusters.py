"""The clusters that an environment's jobs can go to: as functions know them, and which one a job takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from atelier.errors import UnsupportedCombination
from atelier.operations.model import OperationKind
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks.cluster import Cluster, SharedStorage
from atelier.platforms.slurm.cluster import LinkedPrefix, Partition, SlurmCluster

if TYPE_CHECKING:
    from atelier.recipes import Recipe

JobCluster = Cluster | SlurmCluster

_TYPES: Mapping[OperationKind, Callable[..., JobCluster]] = {
    OperationKind.EKS_JOB: Cluster,
    OperationKind.SLURM_JOB: SlurmCluster,
}
_PARTS: Mapping[str, Callable[[Any], Any]] = {
    "instance_types": tuple,
    "storage": lambda value: SharedStorage(**value),
    "partitions": lambda values: tuple(Partition(**value) for value in values),
    "linked": lambda values: tuple(LinkedPrefix(**value) for value in values),
}


def dump_clusters(clusters: Iterable[JobCluster]) -> str:
    """Compact JSON without defaults: all of a function's environment has to fit into 4 KB."""
    return json.dumps([_written(cluster) for cluster in clusters], separators=(",", ":"))


def load_clusters(text: str) -> tuple[JobCluster, ...]:
    """The clusters that `dump_clusters` wrote."""
    return tuple(_read(values) for values in json.loads(text))


def kind_of(cluster: JobCluster) -> OperationKind:
    """The kind of the jobs that a cluster runs: its platform."""
    return OperationKind.EKS_JOB if isinstance(cluster, Cluster) else OperationKind.SLURM_JOB


def is_of_clusters(platform: str) -> bool:
    """True for a platform whose jobs run on an environment's own clusters."""
    return platform in _TYPES


def instances_for(
    model_type: str, clusters: Iterable[JobCluster], wanted: str | None
) -> dict[str, tuple[str, ...]]:
    """The instance types by platform that a base model's jobs may have on the clusters that are wanted."""
    found: dict[str, tuple[str, ...]] = {}
    for cluster in clusters:
        if wanted in (None, cluster.configured_name) and _takes(cluster, model_type):
            before = found.get(kind_of(cluster), ())
            found[kind_of(cluster).value] = tuple(dict.fromkeys((*before, *cluster.instance_types)))
    return found


def cluster_for(recipe: Recipe, clusters: Sequence[JobCluster], wanted: str | None) -> JobCluster:
    """The cluster that a recipe runs on: the one `wanted`, by its configured name, or the only one that can.

    UnsupportedCombination when there is none or more than one.
    """
    chosen = eligible_clusters(recipe, clusters, wanted)
    if len(chosen) != 1:
        raise UnsupportedCombination(f"cluster = {wanted!r}: {mismatch_reason(recipe, clusters, wanted)}")
    return chosen[0]


def eligible_clusters(recipe: Recipe, clusters: Iterable[JobCluster], wanted: str | None) -> list[JobCluster]:
    """The clusters that can run a recipe, of those that are wanted."""
    named = (cluster for cluster in clusters if wanted in (None, cluster.configured_name))
    return [cluster for cluster in named if _runs(recipe, cluster)]


def mismatch_reason(recipe: Recipe, clusters: Sequence[JobCluster], wanted: str | None) -> str:
    """Why not exactly one cluster is the one, and what would be accepted."""
    name, instance = recipe.row.name, recipe.instance_type
    fitting = ", ".join(cluster.configured_name for cluster in eligible_clusters(recipe, clusters, None))
    if fitting and wanted is None:
        return f"several clusters run {name} on {instance}; name one: {fitting}"
    if fitting:
        return f"does not run {name} on {instance}; accepted: {fitting}"
    here = [_described(cluster) for cluster in clusters if kind_of(cluster) == recipe.platform]
    groups = f"{'standard' if has_open_weights(_model_type(recipe)) else 'restricted'} groups"
    return (
        f"{name} needs {recipe.replicas or 1} x {instance} in {groups}; "
        f"clusters of {recipe.platform} here: {'; '.join(here) or 'none'}"
    )


def _runs(recipe: Recipe, cluster: JobCluster) -> bool:
    if kind_of(cluster) != recipe.platform or not _takes(cluster, _model_type(recipe)):
        return False
    if isinstance(cluster, Cluster):
        return recipe.instance_type in cluster.instance_types
    return any(
        partition.instance_type == recipe.instance_type and partition.nodes >= (recipe.replicas or 1)
        for partition in cluster.partitions
    )


def _takes(cluster: JobCluster, model_type: str) -> bool:
    """Restricted groups run Nova and nothing else, and Nova runs nowhere else on a cluster."""
    return has_open_weights(model_type) is not (isinstance(cluster, Cluster) and cluster.is_restricted)


def _model_type(recipe: Recipe) -> str:
    return str(recipe.values.get("run.model_type", recipe.base_model.model_type))


def _described(cluster: JobCluster) -> str:
    if isinstance(cluster, Cluster):
        has = [f"{'restricted' if cluster.is_restricted else 'standard'} groups", *cluster.instance_types]
    else:
        has = [f"{one.nodes} x {one.instance_type}" for one in cluster.partitions]
    return f"{cluster.configured_name} ({', '.join(has)})"


def _written(cluster: JobCluster) -> dict[str, Any]:
    values = asdict(cluster)
    told = {
        field.name: values[field.name]
        for field in fields(cluster)
        if getattr(cluster, field.name) != field.default
    }
    return {"kind": kind_of(cluster).value, **told}


def _read(values: Mapping[str, Any]) -> JobCluster:
    kind = OperationKind(values["kind"])
    told = {name: value for name, value in values.items() if name != "kind"}
    return _TYPES[kind](**{name: _PARTS.get(name, _same)(value) for name, value in told.items()})


def _same(value: Any) -> Any:
    return value
