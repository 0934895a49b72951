"""A sound cluster that Slurm runs, for tests to change."""

from __future__ import annotations

from config.cluster import ClusterConfig, ClusterSubnet, InstanceGroup
from config.slurm import NodeType, SlurmConfig, SlurmOrchestrator, SlurmStrategy

CONTROLLER = InstanceGroup(
    name="controller",
    instance_types=("ml.m5.xlarge",),
    count=1,
    slurm=SlurmConfig(node_type=NodeType.CONTROLLER),
)
LOGIN = InstanceGroup(
    name="login", instance_types=("ml.m5.large",), count=1, slurm=SlurmConfig(node_type=NodeType.LOGIN)
)
COMPUTE = InstanceGroup(
    name="compute",
    instance_types=("ml.g5.12xlarge",),
    count=2,
    slurm=SlurmConfig(node_type=NodeType.COMPUTE, partition="gpu"),
)
SLURM = ClusterConfig(
    name="open-weights",
    orchestrator=SlurmOrchestrator(strategy=SlurmStrategy.MANAGED),
    subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.110.0.0/24"),),
    monthly_budget_usd=100,
    groups=(CONTROLLER, LOGIN, COMPUTE),
)
