"""The environments. Account numbers of DEV, STAGING and PROD are examples: put yours here."""

from __future__ import annotations

from config.cluster import (
    Capacity,
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
from config.invalid import InvalidConfiguration
from config.model import Architecture, Environment, FunctionPlatform
from config.network import NewNetwork
from config.slurm import (
    AccountingDatabase,
    NodeType,
    SlurmConfig,
    SlurmOrchestrator,
    SlurmStrategy,
)

ON_AWS = FunctionPlatform(architecture=Architecture.ARM64, python=(3, 14))

LOCAL = Environment(
    name="local",
    account="000000000000",
    region="us-east-1",
    network=NewNetwork(cidr="10.40.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    functions=FunctionPlatform.of_this_host(),
    log_retention_days=7,
    # So small that the example's training file is checked in parts, as one of gigabytes is on AWS.
    dataset_part_bytes=1_000_000,
    data_may_be_destroyed=True,
    assets_bucket="atelier-assets-000000000000-us-east-1",
    clusters=(
        ClusterConfig(
            name="nova",
            # The embedded Kubernetes has what HyperPod's chart installs, and runs no builds.
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

DEV = Environment(
    name="dev",
    account="111111111111",
    region="us-east-1",
    # One gateway for both zones: a cluster's nodes pull public images.
    network=NewNetwork(cidr="10.41.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    functions=ON_AWS,
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
                # It comes when there is spot capacity; the cluster stands without it.
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

STAGING = Environment(
    name="staging",
    account="222222222222",
    region="us-east-1",
    network=NewNetwork(cidr="10.42.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    functions=ON_AWS,
    log_retention_days=90,
    # PROD's clusters with fewer and smaller nodes: the same features are tried before they are needed.
    clusters=(
        ClusterConfig(
            name="nova",
            orchestrator=EksOrchestrator(kubernetes_version="1.32", endpoint_access=EndpointAccess.PUBLIC),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.107.0.0/24"),),
            monthly_budget_usd=10_000,
            shared_lustre=Lustre(),
            restricted_groups=(
                RestrictedGroup(name="training", instance_type="ml.g5.12xlarge", count=1, volume_gib=500),
            ),
        ),
        ClusterConfig(
            name="open-weights",
            orchestrator=EksOrchestrator(
                kubernetes_version="1.34",
                endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE,
                lustre=Lustre(),
            ),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.108.0.0/22"),),
            monthly_budget_usd=10_000,
            continuous_provisioning=True,
            groups=(
                InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=2),
                InstanceGroup(
                    name="training",
                    instance_types=("ml.g5.12xlarge",),
                    count=1,
                    volume_gib=500,
                    deep_health_checks=(DeepHealthCheck.STRESS,),
                ),
            ),
            task_governance=TaskGovernance(
                priority_classes=(
                    PriorityClass(name="production", weight=100),
                    PriorityClass(name="experimentation", weight=10),
                ),
                teams=(Team(name="atelier", quotas=(Quota(instance_type="ml.g5.12xlarge", count=1),)),),
                jobs_priority="production",
            ),
            training_operator=True,
            observability=True,
            inference_operator=True,
        ),
    ),
    tags={"application": "atelier", "environment": "staging"},
)

PROD = Environment(
    name="prod",
    account="333333333333",
    region="us-east-1",
    network=NewNetwork(
        cidr="10.43.0.0/16", availability_zones=("us-east-1a", "us-east-1b", "us-east-1c"), nat_gateways=3
    ),
    functions=ON_AWS,
    log_retention_days=365,
    clusters=(
        ClusterConfig(
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
        ),
        ClusterConfig(
            name="open-weights",
            orchestrator=EksOrchestrator(
                kubernetes_version="1.34",
                endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE,
                lustre=Lustre(size_gib=9600, throughput=250),
            ),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.104.0.0/20"),),
            monthly_budget_usd=200_000,
            continuous_provisioning=True,
            groups=(
                InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=2),
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
            task_governance=TaskGovernance(
                priority_classes=(
                    PriorityClass(name="production", weight=100),
                    PriorityClass(name="experimentation", weight=10),
                ),
                teams=(Team(name="atelier", quotas=(Quota(instance_type="ml.p5.48xlarge", count=2),)),),
                jobs_priority="production",
            ),
            training_operator=True,
            observability=True,
        ),
        ClusterConfig(
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
        ),
    ),
    tags={"application": "atelier", "environment": "prod"},
)

ENVIRONMENTS = {environment.name: environment for environment in (LOCAL, DEV, STAGING, PROD)}


def environment_named(name: object) -> Environment:
    """The environment that `-c env=<name>` selects. No default: a forgotten flag must reach no account."""
    if not isinstance(name, str) or name not in ENVIRONMENTS:
        given = "nothing" if name is None else repr(name)
        raise InvalidConfiguration(f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got {given}")
    return ENVIRONMENTS[name]
