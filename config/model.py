"""The shape of an environment: frozen, and wrong values are refused where they are written."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from config.cluster import ClusterConfig
from config.clusters import faults_of_clusters


class InvalidConfiguration(ValueError):
    """An environment, or a `-c` value, that cannot be deployed; the message says what would be accepted."""


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise InvalidConfiguration(message)


class InterfaceEndpoint(StrEnum):
    """Services that private subnets reach without NAT; values are names of EC2's endpoint services."""

    BEDROCK = "bedrock"
    BEDROCK_RUNTIME = "bedrock-runtime"
    CLOUDWATCH = "monitoring"
    EC2 = "ec2"
    EC2_MESSAGES = "ec2messages"
    ECR_API = "ecr.api"
    ECR_DOCKER = "ecr.dkr"
    EKS = "eks"
    EKS_AUTH = "eks-auth"
    KMS = "kms"
    LAMBDA = "lambda"
    LOGS = "logs"
    SAGEMAKER_API = "sagemaker.api"
    SSM = "ssm"
    SSM_MESSAGES = "ssmmessages"
    STS = "sts"


TRAINING_JOB_ENDPOINTS = (
    InterfaceEndpoint.CLOUDWATCH,
    InterfaceEndpoint.ECR_API,
    InterfaceEndpoint.ECR_DOCKER,
    InterfaceEndpoint.KMS,
    InterfaceEndpoint.LOGS,
    InterfaceEndpoint.SAGEMAKER_API,
    InterfaceEndpoint.STS,
)
"""What a training job calls beside S3: its image, its logs and metrics, its key, its own role."""

CLUSTER_ENDPOINTS = (
    InterfaceEndpoint.CLOUDWATCH,
    InterfaceEndpoint.EC2,
    InterfaceEndpoint.EC2_MESSAGES,
    InterfaceEndpoint.ECR_API,
    InterfaceEndpoint.ECR_DOCKER,
    InterfaceEndpoint.EKS,
    InterfaceEndpoint.EKS_AUTH,
    InterfaceEndpoint.LOGS,
    InterfaceEndpoint.SSM,
    InterfaceEndpoint.SSM_MESSAGES,
    InterfaceEndpoint.STS,
)
"""What a cluster's nodes call beside S3, where there is no NAT (awsome-distributed-ai, closed-network)."""


@dataclass(frozen=True, kw_only=True)
class NewNetwork:
    """A VPC of our own, over zones by name: training capacity is bought in a zone; a lookup is not pure."""

    cidr: str
    availability_zones: tuple[str, ...]
    nat_gateways: int = 0
    interface_endpoints: tuple[InterfaceEndpoint, ...] = TRAINING_JOB_ENDPOINTS

    def __post_init__(self) -> None:
        try:
            prefix = IPv4Network(self.cidr).prefixlen
        except (AddressValueError, NetmaskValueError, ValueError) as error:
            raise InvalidConfiguration(
                f"network: cidr must be an IPv4 network such as 10.0.0.0/16, got {self.cidr!r}"
            ) from error
        _require(16 <= prefix <= 24, f"network: cidr must have a prefix of /16 to /24, got {self.cidr!r}")
        zones = self.availability_zones
        _require(
            bool(zones)
            and len(set(zones)) == len(zones)
            and all(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", zone) for zone in zones),
            f"network: availability_zones must be distinct names such as us-east-1a, got {zones!r}",
        )
        _require(
            0 <= self.nat_gateways <= len(zones),
            f"network: nat_gateways must be 0 to {len(zones)}, one a zone, got {self.nat_gateways}",
        )


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A VPC that somebody else runs, with the endpoints or routes that training jobs need.

    By ids, so that synthesis looks nothing up.
    """

    vpc_id: str
    availability_zones: tuple[str, ...]
    private_subnet_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        _require(
            bool(re.fullmatch(r"vpc-[0-9a-f]{8,17}", self.vpc_id)),
            f"network: vpc_id must look like vpc-0123456789abcdef0, got {self.vpc_id!r}",
        )
        _require(
            bool(self.private_subnet_ids)
            and all(re.fullmatch(r"subnet-[0-9a-f]{8,17}", subnet) for subnet in self.private_subnet_ids),
            f"network: private_subnet_ids must be like subnet-01234567, got {self.private_subnet_ids!r}",
        )
        _require(
            len(self.private_subnet_ids) == len(self.availability_zones),
            f"network: private_subnet_ids needs one subnet a zone, got {len(self.private_subnet_ids)} "
            f"for {len(self.availability_zones)} zones",
        )


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
        _require(self.python >= (3, 11), f"functions: python must be (3, 11) or newer, got {self.python}")

    @classmethod
    def of_this_host(cls) -> FunctionPlatform:
        """The interpreter that synthesises: the embedded cloud runs functions with it."""
        machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        _require(
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

        _require(
            bool(re.fullmatch(r"[a-z][a-z0-9]*", self.name)),
            f"environment: name must be lower-case letters and digits, got {self.name!r}",
        )
        _require(
            bool(re.fullmatch(r"\d{12}", self.account)), field_error("account", "12 digits", self.account)
        )
        _require(
            bool(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region)),
            field_error("region", "a region such as us-east-1", self.region),
        )
        foreign = [zone for zone in self.network.availability_zones if zone[:-1] != self.region]
        _require(not foreign, field_error("availability_zones", f"zones of {self.region}", foreign))
        _require(
            self.log_retention_days in LOG_RETENTION_DAYS,
            field_error(
                "log_retention_days",
                f"one of {', '.join(map(str, LOG_RETENTION_DAYS))}",
                self.log_retention_days,
            ),
        )
        _require(
            1 << 10 <= self.dataset_part_bytes <= 10**10,
            field_error("dataset_part_bytes", "1,024 to 10,000,000,000", self.dataset_part_bytes),
        )
        strangers = [
            address for address in self.notify if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address)
        ]
        _require(not strangers, field_error("notify", "e-mail addresses", strangers))
        if self.clusters and isinstance(self.network, NewNetwork) and not self.network.nat_gateways:
            missing = [
                each.value for each in CLUSTER_ENDPOINTS if each not in self.network.interface_endpoints
            ]
            _require(
                not missing,
                f"{self.name}: clusters without nat_gateways need interface_endpoints {', '.join(missing)} "
                "(CLUSTER_ENDPOINTS), and copies of their images: docs/clusters.md",
            )
        faults = faults_of_clusters(
            self.clusters,
            region=self.region,
            network_cidr=self.network.cidr if isinstance(self.network, NewNetwork) else None,
        )
        _require(not faults, "\n".join(f"{self.name}: {fault}" for fault in faults))

    def stack_name(self, noun: str) -> str:
        """`Atelier-Dev-Network`."""
        return f"Atelier-{self.name.capitalize()}-{noun}"


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
