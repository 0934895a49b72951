"""Frozen types for an environment, which validate their values."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from config import REGION, InvalidConfiguration, matches, require
from config.cluster import ClusterConfig
from config.clusters import violations_of_clusters
from config.network import ExistingNetwork, NewNetwork
from config.slurm import SlurmOrchestrator

LOG_RETENTION_DAYS = {
    1: "ONE_DAY", 3: "THREE_DAYS", 5: "FIVE_DAYS", 7: "ONE_WEEK", 14: "TWO_WEEKS", 30: "ONE_MONTH",
    60: "TWO_MONTHS", 90: "THREE_MONTHS", 120: "FOUR_MONTHS", 150: "FIVE_MONTHS", 180: "SIX_MONTHS",
    365: "ONE_YEAR", 400: "THIRTEEN_MONTHS", 545: "EIGHTEEN_MONTHS", 731: "TWO_YEARS", 1096: "THREE_YEARS",
    1827: "FIVE_YEARS", 2192: "SIX_YEARS", 2557: "SEVEN_YEARS", 2922: "EIGHT_YEARS", 3288: "NINE_YEARS",
    3653: "TEN_YEARS",
}  # fmt: skip
"""Days that CloudWatch Logs accepts (PutRetentionPolicy), with the names of CDK's RetentionDays.

CDK's enum has no numbers in Python.
"""
EMAIL = r"[^@\s]+@[^@\s]+\.[^@\s]+"


class Architecture(StrEnum):
    """CPU architecture of the functions; values are the names in platform tags of wheels."""

    ARM64 = "aarch64"
    X86_64 = "x86_64"


@dataclass(frozen=True, kw_only=True)
class FunctionPlatform:
    """Architecture and Python version of the functions, for which their layer is built."""

    architecture: Architecture
    python: tuple[int, int]

    def __post_init__(self) -> None:
        require(self.python >= (3, 11), "functions", "python", self.python, "(3, 11) or newer")

    @classmethod
    def of_this_host(cls) -> FunctionPlatform:
        """The current interpreter, with which the embedded cloud runs functions."""
        machine = platform.machine().lower()
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(machine, machine)
        require(machine in set(Architecture), "functions", "this machine", machine, " or ".join(Architecture))
        return cls(
            architecture=Architecture(machine), python=(sys.version_info.major, sys.version_info.minor)
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of Atelier.

    `dataset_part_bytes` is the most that one function checks of a run's datasets; larger datasets are split
    into parts of that size, one for each function. A function checks a part of the default size well within
    its 15 minutes, even if every row is wrong.
    `imported_models_quota` is how many imported models the account may have (Service Quotas L-45B04988).
    `assets_bucket` is for environments without a CDK bootstrap stack: assets are published to this bucket
    with the caller's own credentials. Data is deleted with its stack only if `data_may_be_destroyed` is set
    and the stack was deployed with `-c destroy_data=true`.
    """

    name: str
    account: str
    region: str
    network: NewNetwork | ExistingNetwork
    functions: FunctionPlatform
    log_retention_days: int
    dataset_part_bytes: int = 1_000_000_000
    imported_models_quota: int = 3
    data_may_be_destroyed: bool = False
    assets_bucket: str | None = None
    notify: tuple[str, ...] = ()
    clusters: tuple[ClusterConfig, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def check(name: str, is_accepted: bool, accepted: str) -> None:
            require(is_accepted, self.name, name, getattr(self, name), accepted)

        name = matches(r"[a-z][a-z0-9]*", self.name)
        require(name, "environment", "name", self.name, "lower-case letters and digits")
        check("account", matches(r"\d{12}", self.account), "12 digits")
        check("region", matches(REGION, self.region), "a region such as us-east-1")
        foreign = [zone for zone in self.network.availability_zones if zone[:-1] != self.region]
        require(not foreign, self.name, "availability_zones", foreign, f"zones of {self.region}")
        days = ", ".join(map(str, LOG_RETENTION_DAYS))
        check("log_retention_days", self.log_retention_days in LOG_RETENTION_DAYS, f"one of {days}")
        is_part = 1 << 10 <= self.dataset_part_bytes <= 10**10
        check("dataset_part_bytes", is_part, "1,024 to 10,000,000,000")
        wrong = [address for address in self.notify if not matches(EMAIL, address)]
        require(not wrong, self.name, "notify", wrong, "e-mail addresses")
        violations = violations_of_clusters(self.clusters, region=self.region, network=self.network)
        if violations:
            raise InvalidConfiguration("\n".join(f"{self.name}: {violation}" for violation in violations))

    @property
    def keeps_homes(self) -> bool:
        """True if a Slurm cluster has home directories in the network."""
        return any(isinstance(cluster.orchestrator, SlurmOrchestrator) for cluster in self.clusters)

    def stack_name(self, suffix: str) -> str:
        """A stack's name, such as `Atelier-Dev-Network`."""
        return f"Atelier-{self.name.capitalize()}-{suffix}"

    def cluster_name(self, cluster: ClusterConfig) -> str:
        """A cluster's name in HyperPod and EKS, such as `atelier-dev-open-weights`."""
        return f"atelier-{self.name}-{cluster.name}"
