"""The shape of an environment: frozen, and wrong values are refused where they are written."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from config.cluster import ClusterConfig
from config.clusters import faults_of_clusters
from config.invalid import require
from config.network import ExistingNetwork, NewNetwork
from config.slurm import SlurmOrchestrator


class Architecture(StrEnum):
    """Processor of the functions; values are the names in Python wheels' platform tags."""

    ARM64 = "aarch64"
    X86_64 = "x86_64"


@dataclass(frozen=True, kw_only=True)
class FunctionPlatform:
    """What the functions run on, and therefore what their layer is built for."""

    architecture: Architecture
    python: tuple[int, int]

    def __post_init__(self) -> None:
        require(self.python >= (3, 11), f"functions: python must be (3, 11) or newer, got {self.python}")

    @classmethod
    def of_this_host(cls) -> FunctionPlatform:
        """The interpreter that synthesises: the embedded cloud runs functions with it."""
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        require(
            machine in set(Architecture), f"functions: this machine must be aarch64 or x86_64, is {machine!r}"
        )
        return cls(
            architecture=Architecture(machine), python=(sys.version_info.major, sys.version_info.minor)
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of Atelier.

    `dataset_part_bytes` is what one function checks of a run's datasets; what is over it is cut into parts
    of that size, for a function each. The default is checked well inside a function's 15 minutes even where
    every row is wrong.
    `assets_bucket` is set where there is no CDK bootstrap stack: files are then published to that bucket with
    the caller's own credentials. `data_may_be_destroyed` is the first of two keys to the deletion of data;
    the second is `-c destroy_data=true` at deployment.
    """

    name: str
    account: str
    region: str
    network: NewNetwork | ExistingNetwork
    functions: FunctionPlatform
    log_retention_days: int
    dataset_part_bytes: int = 1_000_000_000
    data_may_be_destroyed: bool = False
    assets_bucket: str | None = None
    notify: tuple[str, ...] = ()
    clusters: tuple[ClusterConfig, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def field_error(name: str, accepted: str, value: object) -> str:
            return f"{self.name}: {name} must be {accepted}, got {value!r}"

        require(
            bool(re.fullmatch(r"[a-z][a-z0-9]*", self.name)),
            f"environment: name must be lower-case letters and digits, got {self.name!r}",
        )
        require(
            bool(re.fullmatch(r"\d{12}", self.account)), field_error("account", "12 digits", self.account)
        )
        require(
            bool(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region)),
            field_error("region", "a region such as us-east-1", self.region),
        )
        foreign = [zone for zone in self.network.availability_zones if zone[:-1] != self.region]
        require(not foreign, field_error("availability_zones", f"zones of {self.region}", foreign))
        require(
            self.log_retention_days in LOG_RETENTION_DAYS,
            field_error(
                "log_retention_days",
                f"one of {', '.join(map(str, LOG_RETENTION_DAYS))}",
                self.log_retention_days,
            ),
        )
        require(
            1 << 10 <= self.dataset_part_bytes <= 10**10,
            field_error("dataset_part_bytes", "1,024 to 10,000,000,000", self.dataset_part_bytes),
        )
        strangers = [
            address for address in self.notify if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address)
        ]
        require(not strangers, field_error("notify", "e-mail addresses", strangers))
        faults = faults_of_clusters(self.clusters, region=self.region, network=self.network)
        require(not faults, "\n".join(f"{self.name}: {fault}" for fault in faults))

    @property
    def keeps_homes(self) -> bool:
        """True where people's homes are in the network: a Slurm cluster has some."""
        return any(isinstance(cluster.orchestrator, SlurmOrchestrator) for cluster in self.clusters)

    def stack_name(self, suffix: str) -> str:
        """`Atelier-Dev-Network`."""
        return f"Atelier-{self.name.capitalize()}-{suffix}"

    def cluster_name(self, cluster: ClusterConfig) -> str:
        """`atelier-dev-open-weights`: HyperPod's and EKS's name of a cluster."""
        return f"atelier-{self.name}-{cluster.name}"


LOG_RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""What CloudWatch Logs accepts (PutRetentionPolicy)."""
