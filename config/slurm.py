"""Frozen types for a cluster with Slurm: node types, file systems and accounting."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from config.file_systems import Lustre, OpenZfs


class SlurmStrategy(StrEnum):
    """How HyperPod updates a slurm.conf that was edited on the controller; values are the service's.

    MANAGED refuses the update, OVERWRITE discards the edits, MERGE keeps them.
    """

    MANAGED = "Managed"
    OVERWRITE = "Overwrite"
    MERGE = "Merge"


class NodeType(StrEnum):
    """Node type of a group, which cannot be changed later; values are the service's."""

    CONTROLLER = "Controller"
    LOGIN = "Login"
    COMPUTE = "Compute"


@dataclass(frozen=True, kw_only=True)
class SlurmConfig:
    """Slurm configuration of an instance group. Compute nodes are in `partition` and in `dev`."""

    node_type: NodeType
    partition: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountingDatabase:
    """An RDS database of Slurm's job history, which is otherwise stored on the controller."""

    instance_class: str = "db.t4g.small"
    size_gib: int = 20


@dataclass(frozen=True, kw_only=True)
class SlurmOrchestrator:
    """Slurm as orchestrator. `strategy` is None exactly with continuous provisioning."""

    strategy: SlurmStrategy | None = None
    lustre: Lustre = field(default_factory=Lustre)
    home: OpenZfs = field(default_factory=OpenZfs)
    accounting: AccountingDatabase | None = None
