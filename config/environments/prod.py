"""Production. The account number is an example: put yours here."""

from __future__ import annotations

from config.cluster import (
    ClusterConfig,
    ClusterSubnet,
    DeepHealthCheck,
    EksOrchestrator,
    EndpointAccess,
    InstanceGroup,
    PriorityClass,
    Quota,
    RestrictedGroup,
    TaskGovernance,
    Team,
)
from config.file_systems import Lustre, OpenZfs
from config.model import Architecture, Environment, FunctionPlatform
from config.network import NewNetwork
from config.slurm import AccountingDatabase, NodeType, SlurmConfig, SlurmOrchestrator

NOVA = ClusterConfig(
    name="nova",
    orchestrator=EksOrchestrator(kubernetes_version="1.32", endpoint_access=EndpointAccess.PUBLIC),
    subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.103.0.0/20"),),
    monthly_budget_usd=400_000,
    shared_lustre=Lustre(size_gib=4800, throughput=250),
    restricted_groups=(
        RestrictedGroup(
            name="training",
            instance_type="ml.p5.48xlarge",
            count=4,
            volume_gib=850,
            threads_per_core=2,
        ),
    ),
)

OPEN_WEIGHTS_ON_EKS = EksOrchestrator(
    kubernetes_version="1.34",
    endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE,
    lustre=Lustre(size_gib=9600, throughput=250),
)
SYSTEM_NODES = InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=2)
GOVERNANCE = TaskGovernance(
    priority_classes=(
        PriorityClass(name="production", weight=100),
        PriorityClass(name="experimentation", weight=10),
    ),
    teams=(Team(name="atelier", quotas=(Quota(instance_type="ml.p5.48xlarge", count=2),)),),
    jobs_priority="production",
)
OPEN_WEIGHTS = ClusterConfig(
    name="open-weights",
    orchestrator=OPEN_WEIGHTS_ON_EKS,
    subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.104.0.0/20"),),
    monthly_budget_usd=200_000,
    continuous_provisioning=True,
    groups=(
        SYSTEM_NODES,
        InstanceGroup(
            name="training",
            instance_types=("ml.p5.48xlarge",),
            count=2,
            volume_gib=850,
            threads_per_core=2,
            deep_health_checks=(DeepHealthCheck.STRESS, DeepHealthCheck.CONNECTIVITY),
            software_updates="cron(0 3 ? * SUN *)",
        ),
    ),
    task_governance=GOVERNANCE,
    training_operator=True,
    observability=True,
)

SLURM = ClusterConfig(
    name="slurm",
    orchestrator=SlurmOrchestrator(
        lustre=Lustre(size_gib=9600, throughput=250),
        home=OpenZfs(size_gib=512, throughput=320),
        accounting=AccountingDatabase(),
    ),
    subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.105.0.0/22"),),
    monthly_budget_usd=200_000,
    continuous_provisioning=True,
    groups=(
        InstanceGroup(
            name="controller",
            instance_types=("ml.m5.4xlarge",),
            count=1,
            volume_gib=500,
            slurm=SlurmConfig(node_type=NodeType.CONTROLLER),
        ),
        InstanceGroup(
            name="login",
            instance_types=("ml.m5.xlarge",),
            count=1,
            slurm=SlurmConfig(node_type=NodeType.LOGIN),
        ),
        InstanceGroup(
            name="compute",
            instance_types=("ml.p5.48xlarge",),
            count=2,
            threads_per_core=2,
            deep_health_checks=(DeepHealthCheck.STRESS, DeepHealthCheck.CONNECTIVITY),
            slurm=SlurmConfig(node_type=NodeType.COMPUTE, partition="p5"),
        ),
    ),
)

PROD = Environment(
    name="prod",
    account="333333333333",
    region="us-east-1",
    network=NewNetwork(
        cidr="10.43.0.0/16", availability_zones=("us-east-1a", "us-east-1b", "us-east-1c"), nat_gateways=3
    ),
    functions=FunctionPlatform(architecture=Architecture.ARM64, python=(3, 14)),
    log_retention_days=365,
    clusters=(NOVA, OPEN_WEIGHTS, SLURM),
    tags={"application": "atelier", "environment": "prod"},
)
