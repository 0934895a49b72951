"""The shape of a cluster that Slurm runs: who is what, where files lie, and who keeps the accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from config.file_systems import Lustre, OpenZfs


class SlurmStrategy(StrEnum):
    """What HyperPod does to a slurm.conf that people have changed; values are the service's.

    MANAGED refuses an update, OVERWRITE takes the changes away, MERGE keeps them.
    """

    MANAGED = "Managed"
    OVERWRITE = "Overwrite"
    MERGE = "Merge"


class NodeType(StrEnum):
    """What a group's nodes are to Slurm; values are the service's, and cannot be changed later."""

    CONTROLLER = "Controller"
    LOGIN = "Login"
    COMPUTE = "Compute"


@dataclass(frozen=True, kw_only=True)
class SlurmConfig:
    """An instance group's part in Slurm. `partition` of compute nodes, which are in `dev` as well."""

    node_type: NodeType
    partition: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountingDatabase:
    """Where the history of jobs outlives the controller: a database of ours. Without one it is on it."""

    instance_class: str = "db.t4g.small"
    size_gib: int = 20


@dataclass(frozen=True, kw_only=True)
class SlurmOrchestrator:
    """Slurm runs the jobs. `strategy` is left out exactly where provisioning is continuous."""

    strategy: SlurmStrategy | None = None
    lustre: Lustre = field(default_factory=Lustre)
    home: OpenZfs = field(default_factory=OpenZfs)
    accounting: AccountingDatabase | None = None
