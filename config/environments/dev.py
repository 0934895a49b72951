"""Development: small clusters, on spot instances where possible.

The account number is an example: put yours here.
"""

from __future__ import annotations

from config.cluster import (
    Capacity,
    ClusterConfig,
    ClusterSubnet,
    EksOrchestrator,
    EndpointAccess,
    InstanceGroup,
)
from config.file_systems import Lustre
from config.model import Architecture, Environment, FunctionPlatform
from config.network import NewNetwork
from config.slurm import NodeType, SlurmConfig, SlurmOrchestrator

DEV = Environment(
    name="dev",
    account="111111111111",
    region="us-east-1",
    # One gateway for both zones, for nodes that pull public images.
    network=NewNetwork(cidr="10.41.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    functions=FunctionPlatform(architecture=Architecture.ARM64, python=(3, 14)),
    log_retention_days=30,
    data_may_be_destroyed=True,
    clusters=(
        ClusterConfig(
            name="open-weights",
            orchestrator=EksOrchestrator(
                kubernetes_version="1.34",
                endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE,
                lustre=Lustre(),
            ),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.101.0.0/22"),),
            monthly_budget_usd=1500,
            continuous_provisioning=True,
            groups=(
                InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=1),
                # Added when there is spot capacity; the cluster is in service without it.
                InstanceGroup(
                    name="training",
                    instance_types=("ml.g6.12xlarge", "ml.g5.12xlarge"),
                    count=1,
                    min_count=0,
                    volume_gib=500,
                    capacity=Capacity.SPOT,
                ),
            ),
            training_operator=True,
        ),
        ClusterConfig(
            name="slurm",
            orchestrator=SlurmOrchestrator(),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.102.0.0/24"),),
            monthly_budget_usd=1500,
            continuous_provisioning=True,
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
                    count=1,
                    min_count=0,
                    volume_gib=500,
                    capacity=Capacity.SPOT,
                    slurm=SlurmConfig(node_type=NodeType.COMPUTE, partition="g5"),
                ),
            ),
        ),
    ),
    tags={"application": "atelier", "environment": "dev"},
)
