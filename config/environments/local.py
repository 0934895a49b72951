"""The embedded cloud: a cluster on EKS for Nova, one with Slurm for open weights."""

from __future__ import annotations

from config.cluster import (
    ClusterConfig,
    ClusterSubnet,
    EksOrchestrator,
    EndpointAccess,
    InstanceGroup,
    RestrictedGroup,
)
from config.file_systems import Lustre
from config.model import Environment, FunctionPlatform
from config.network import NewNetwork
from config.slurm import NodeType, SlurmConfig, SlurmOrchestrator, SlurmStrategy

LOCAL = Environment(
    name="local",
    account="000000000000",
    region="us-east-1",
    network=NewNetwork(cidr="10.40.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    functions=FunctionPlatform.of_this_host(),
    log_retention_days=7,
    # Small, so that the example's training file is checked in parts, as files of gigabytes are on AWS.
    dataset_part_bytes=1_000_000,
    data_may_be_destroyed=True,
    assets_bucket="atelier-assets-000000000000-us-east-1",
    clusters=(
        ClusterConfig(
            name="nova",
            # The embedded Kubernetes provides what HyperPod's chart installs; CodeBuild is not emulated.
            orchestrator=EksOrchestrator(
                kubernetes_version="1.32", endpoint_access=EndpointAccess.PUBLIC, charts=False
            ),
            subnets=(ClusterSubnet(zone_id="use1-az1", cidr="10.106.0.0/24"),),
            monthly_budget_usd=None,
            shared_lustre=Lustre(),
            restricted_groups=(RestrictedGroup(name="training", instance_type="ml.g5.12xlarge", count=2),),
        ),
        ClusterConfig(
            name="open-weights",
            orchestrator=SlurmOrchestrator(strategy=SlurmStrategy.MANAGED),
            subnets=(ClusterSubnet(zone_id="use1-az1", cidr="10.109.0.0/24"),),
            monthly_budget_usd=None,
            groups=(
                InstanceGroup(
                    name="controller",
                    instance_types=("ml.m5.xlarge",),
                    count=1,
                    slurm=SlurmConfig(node_type=NodeType.CONTROLLER),
                ),
                InstanceGroup(
                    name="compute",
                    instance_types=("ml.g5.12xlarge",),
                    count=2,
                    slurm=SlurmConfig(node_type=NodeType.COMPUTE, partition="compute"),
                ),
            ),
        ),
    ),
    tags={"application": "atelier", "environment": "local"},
)
