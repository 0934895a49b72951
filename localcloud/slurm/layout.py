"""A Slurm cluster as its makers see it: which nodes there are, and in which partitions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Node:
    """An instance as Slurm counts it. What it says to have is recorded: all nodes are this machine."""

    name: str
    cpus: int
    gpus: int = 0
    memory_mib: int = 16_384


@dataclass(frozen=True)
class Partition:
    """The nodes of a compute group."""

    name: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Layout:
    """`controller` is the name of the node that Slurm's controller, and the jobs' agent, run on."""

    controller: str
    partitions: tuple[Partition, ...]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every compute node, once."""
        return tuple(sorted({node for partition in self.partitions for node in partition.nodes}))
