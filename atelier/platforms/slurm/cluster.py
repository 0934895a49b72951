"""What a job must know of the Slurm cluster that it goes to."""

from __future__ import annotations

from dataclasses import dataclass

from atelier.errors import UnsupportedCombination

PLATFORM_NAME = "hyperpod-slurm"


@dataclass(frozen=True, kw_only=True)
class Partition:
    """Nodes of one compute group; jobs have whole nodes."""

    name: str
    instance_type: str
    nodes: int


@dataclass(frozen=True, kw_only=True)
class LinkedPrefix:
    """A part of the bucket that the shared file system shows: a data repository association.

    `prefix` is of the bucket's keys and ends in a slash; `path` is where it is seen on every node.
    """

    prefix: str
    path: str


@dataclass(frozen=True, kw_only=True)
class SlurmCluster:
    """A HyperPod cluster on Slurm; `name` as configured, which its queue and its objects are named by.

    A job that got no nodes for `start_within_seconds` has no capacity. An agent that wrote no heartbeat for
    `silent_after_seconds` cannot be reached.
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
        """What a run file calls the cluster."""
        return self.name

    @property
    def instance_types(self) -> tuple[str, ...]:
        """What its nodes are."""
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
        """Nova runs on restricted groups, which Slurm has none of."""
        return open_weights

    def has_nodes_for(self, instance_type: str | None, replicas: int) -> bool:
        """True when one partition has that many nodes of the type."""
        return any(
            partition.instance_type == instance_type and partition.nodes >= replicas
            for partition in self.partitions
        )

    def partition_for(self, instance_type: str | None, nodes: int) -> Partition:
        """The first partition with that many nodes of the type; UnsupportedCombination says what there is."""
        for partition in self.partitions:
            if partition.instance_type == instance_type and partition.nodes >= nodes:
                return partition
        known = ", ".join(f"{one.nodes} {one.instance_type} ({one.name})" for one in self.partitions)
        raise UnsupportedCombination(
            f"{nodes} instances of {instance_type}: cluster {self.name} has {known or 'no partition'}"
        )

    def linked_path(self, uri: str) -> str:
        """Where its nodes may see an object of the environment's bucket; empty when the link shows it not."""
        _bucket, _, key = uri.removeprefix("s3://").partition("/")
        for link in self.linked:
            if key.startswith(link.prefix):
                return f"{link.path.rstrip('/')}/{key.removeprefix(link.prefix)}"
        return ""
