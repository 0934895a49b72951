"""A Slurm cluster, as its jobs need to know it."""

from __future__ import annotations

from dataclasses import dataclass

from atelier.errors import UnsupportedCombination

PLATFORM_NAME = "hyperpod-slurm"


@dataclass(frozen=True, kw_only=True)
class Partition:
    """The nodes of one compute group. Jobs use whole nodes."""

    name: str
    instance_type: str
    nodes: int


@dataclass(frozen=True, kw_only=True)
class LinkedPrefix:
    """A bucket prefix that a data repository association links into the shared file system.

    `prefix` is a key prefix and ends in a slash; `path` is its folder on every node.
    """

    prefix: str
    path: str


@dataclass(frozen=True, kw_only=True)
class SlurmCluster:
    """A HyperPod cluster on Slurm. `name` is its configured name, also used for its queue and objects.

    A job that gets no nodes within `start_within_seconds` fails for lack of capacity. An agent without a
    heartbeat for `silent_after_seconds` counts as unreachable.
    """

    name: str
    region: str
    queue_name: str
    partitions: tuple[Partition, ...]
    shared_folder: str = "/fsx"
    linked: tuple[LinkedPrefix, ...] = ()
    start_within_seconds: int = 3600
    silent_after_seconds: int = 300

    @property
    def configured_name(self) -> str:
        """The cluster's name in run files."""
        return self.name

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Its nodes' instance types."""
        return tuple(dict.fromkeys(partition.instance_type for partition in self.partitions))

    @property
    def platform(self) -> str:
        """The platform of its jobs."""
        return PLATFORM_NAME

    @property
    def description(self) -> str:
        """Its name and partitions."""
        nodes = ", ".join(f"{one.nodes} x {one.instance_type}" for one in self.partitions)
        return f"{self.configured_name} ({nodes})"

    def takes(self, *, open_weights: bool) -> bool:
        """True for open weights: Nova needs restricted instance groups, which Slurm clusters do not have."""
        return open_weights

    def has_nodes_for(self, instance_type: str | None, replicas: int) -> bool:
        """True when one partition has that many nodes of the type."""
        return any(
            partition.instance_type == instance_type and partition.nodes >= replicas
            for partition in self.partitions
        )

    def partition_for(self, instance_type: str | None, nodes: int) -> Partition:
        """The first partition with that many nodes of the type. UnsupportedCombination if there is none."""
        for partition in self.partitions:
            if partition.instance_type == instance_type and partition.nodes >= nodes:
                return partition
        known = ", ".join(f"{one.nodes} {one.instance_type} ({one.name})" for one in self.partitions)
        raise UnsupportedCombination(
            f"{nodes} instances of {instance_type}: cluster {self.name} has {known or 'no partition'}"
        )

    def linked_path(self, uri: str) -> str:
        """The path of an S3 object on the nodes; empty if no linked prefix contains it."""
        _bucket, _, key = uri.removeprefix("s3://").partition("/")
        for link in self.linked:
            if key.startswith(link.prefix):
                return f"{link.path.rstrip('/')}/{key.removeprefix(link.prefix)}"
        return ""
