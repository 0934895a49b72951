"""The shape of an environment's network: one of our own, or one that somebody else runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from config.invalid import InvalidConfiguration, require


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
    SECRETS_MANAGER = "secretsmanager"
    SNS = "sns"
    SQS = "sqs"
    SSM = "ssm"
    SSM_MESSAGES = "ssmmessages"
    STATES = "states"
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

EKS_ENDPOINTS = (InterfaceEndpoint.EKS, InterfaceEndpoint.EKS_AUTH)
"""Of these, what nodes call only where Kubernetes runs the jobs."""

FUNCTION_ENDPOINTS = (
    InterfaceEndpoint.BEDROCK,
    InterfaceEndpoint.EKS,
    InterfaceEndpoint.LOGS,
    InterfaceEndpoint.SAGEMAKER_API,
    InterfaceEndpoint.SNS,
    InterfaceEndpoint.STATES,
)
"""What the functions that reach clusters call beside S3 and DynamoDB, which have gateways; and SQS, where a
cluster takes its jobs from a queue."""


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
        require(16 <= prefix <= 24, f"network: cidr must have a prefix of /16 to /24, got {self.cidr!r}")
        zones = self.availability_zones
        require(
            bool(zones)
            and len(set(zones)) == len(zones)
            and all(re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", zone) for zone in zones),
            f"network: availability_zones must be distinct names such as us-east-1a, got {zones!r}",
        )
        require(
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
        require(
            bool(re.fullmatch(r"vpc-[0-9a-f]{8,17}", self.vpc_id)),
            f"network: vpc_id must look like vpc-0123456789abcdef0, got {self.vpc_id!r}",
        )
        require(
            bool(self.private_subnet_ids)
            and all(re.fullmatch(r"subnet-[0-9a-f]{8,17}", subnet) for subnet in self.private_subnet_ids),
            f"network: private_subnet_ids must be like subnet-01234567, got {self.private_subnet_ids!r}",
        )
        require(
            len(self.private_subnet_ids) == len(self.availability_zones),
            f"network: private_subnet_ids needs one subnet a zone, got {len(self.private_subnet_ids)} "
            f"for {len(self.availability_zones)} zones",
        )
