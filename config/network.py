"""An environment's network: a new VPC or an existing one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network

from config import REGION, matches, require


class InterfaceEndpoint(StrEnum):
    """Interface endpoints of AWS services; values are the names of EC2's endpoint services."""

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
"""Services that a training job calls besides S3: image, logs and metrics, key and role."""

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
"""Services that cluster nodes call besides S3 (awsome-distributed-ai, closed-network)."""

EKS_ENDPOINTS = (InterfaceEndpoint.EKS, InterfaceEndpoint.EKS_AUTH)
"""The CLUSTER_ENDPOINTS that only nodes on EKS call."""

FUNCTION_ENDPOINTS = (
    InterfaceEndpoint.BEDROCK,
    InterfaceEndpoint.EKS,
    InterfaceEndpoint.LOGS,
    InterfaceEndpoint.SAGEMAKER_API,
    InterfaceEndpoint.SNS,
    InterfaceEndpoint.STATES,
)
"""Services that functions with access to clusters call besides S3 and DynamoDB; with Slurm also SQS."""


@dataclass(frozen=True, kw_only=True)
class NewNetwork:
    """A new VPC in the named availability zones.

    Zones are configured because capacity is bought by zone, and because synthesis looks nothing up.
    """

    cidr: str
    availability_zones: tuple[str, ...]
    nat_gateways: int = 0
    interface_endpoints: tuple[InterfaceEndpoint, ...] = TRAINING_JOB_ENDPOINTS

    def __post_init__(self) -> None:
        try:
            is_block = 16 <= IPv4Network(self.cidr).prefixlen <= 24
        except ValueError:
            is_block = False
        require(is_block, "network", "cidr", self.cidr, "an IPv4 network of /16 to /24, such as 10.0.0.0/16")
        zones = self.availability_zones
        distinct = bool(zones) and len(set(zones)) == len(zones)
        require(
            distinct and matches(REGION + "[a-z]", *zones),
            "network",
            "availability_zones",
            zones,
            "distinct names such as us-east-1a",
        )
        has_zones = 0 <= self.nat_gateways <= len(zones)
        require(has_zones, "network", "nat_gateways", self.nat_gateways, f"0 to {len(zones)}, one a zone")


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """An existing VPC with the endpoints or routes that training jobs need.

    It is given by ids, so that synthesis looks nothing up.
    """

    vpc_id: str
    availability_zones: tuple[str, ...]
    private_subnet_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        is_vpc = matches(r"vpc-[0-9a-f]{8,17}", self.vpc_id)
        require(is_vpc, "network", "vpc_id", self.vpc_id, "an id such as vpc-0123456789abcdef0")
        subnets, zones = self.private_subnet_ids, self.availability_zones
        are_subnets = bool(subnets) and matches(r"subnet-[0-9a-f]{8,17}", *subnets)
        require(are_subnets, "network", "private_subnet_ids", subnets, "ids such as subnet-01234567")
        one_each = len(subnets) == len(zones)
        require(one_each, "network", "private_subnet_ids", subnets, f"one subnet for each of {zones!r}")
