"""PROD with fewer and smaller nodes and without Slurm: features are tried here first.

Everything that is not named here is PROD's. The account number is an example: put yours here.
"""

from __future__ import annotations

from dataclasses import replace

from config.cluster import ClusterSubnet, DeepHealthCheck, InstanceGroup, Quota, RestrictedGroup, Team
from config.environments.prod import (
    GOVERNANCE,
    NOVA,
    OPEN_WEIGHTS,
    OPEN_WEIGHTS_ON_EKS,
    PROD,
    SYSTEM_NODES,
)
from config.file_systems import Lustre
from config.network import NewNetwork

STAGING = replace(
    PROD,
    name="staging",
    account="222222222222",
    network=NewNetwork(cidr="10.42.0.0/16", availability_zones=("us-east-1a", "us-east-1b"), nat_gateways=1),
    log_retention_days=90,
    clusters=(
        replace(
            NOVA,
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.107.0.0/24"),),
            monthly_budget_usd=10_000,
            shared_lustre=Lustre(),
            restricted_groups=(
                RestrictedGroup(name="training", instance_type="ml.g5.12xlarge", count=1, volume_gib=500),
            ),
        ),
        replace(
            OPEN_WEIGHTS,
            orchestrator=replace(OPEN_WEIGHTS_ON_EKS, lustre=Lustre()),
            subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.108.0.0/22"),),
            monthly_budget_usd=10_000,
            groups=(
                SYSTEM_NODES,
                InstanceGroup(
                    name="training",
                    instance_types=("ml.g5.12xlarge",),
                    count=1,
                    volume_gib=500,
                    deep_health_checks=(DeepHealthCheck.STRESS,),
                ),
            ),
            task_governance=replace(
                GOVERNANCE,
                teams=(Team(name="atelier", quotas=(Quota(instance_type="ml.g5.12xlarge", count=1),)),),
            ),
            inference_operator=True,
        ),
    ),
    tags={**PROD.tags, "environment": "staging"},
)
