"""File systems that a cluster's nodes share; config/checks has the accepted sizes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Lustre:
    """A Lustre file system for jobs: HyperPod's own for restricted groups, Amazon FSx for others.

    `throughput` is in MB/s per TiB of storage.
    """

    size_gib: int = 1200
    throughput: int = 125


@dataclass(frozen=True, kw_only=True)
class OpenZfs:
    """An FSx for OpenZFS file system of home directories. `throughput` is in MB/s in total."""

    size_gib: int = 64
    throughput: int = 160
