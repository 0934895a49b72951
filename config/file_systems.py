"""File systems that a cluster's nodes share. What sizes there are: config/checks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lustre:
    """Where jobs read and write: HyperPod's own for restricted groups, Amazon FSx's on Slurm.

    `throughput` in MB/s for each TiB of storage.
    """

    size_gib: int = 1200
    throughput: int = 125


@dataclass(frozen=True, kw_only=True)
class OpenZfs:
    """Where people's homes lie, the same on every node. `throughput` in MB/s for all of it."""

    size_gib: int = 64
    throughput: int = 160
