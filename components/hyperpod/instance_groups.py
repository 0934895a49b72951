"""CloudFormation properties of instance groups, on EKS and on Slurm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam, aws_sagemaker as sagemaker

from config.cluster import Capacity, InstanceGroup, RestrictedGroup
from config.file_systems import Lustre
from config.slurm import SlurmConfig

Cfn = sagemaker.CfnCluster


@dataclass(frozen=True)
class NodeSetup:
    """The role, lifecycle scripts and mounts of a group's nodes."""

    role: iam.IRole
    life_cycle: Cfn.ClusterLifeCycleConfigProperty | None = None
    file_systems: Sequence[Cfn.ClusterInstanceStorageConfigProperty] = ()


def instance_group(
    group: InstanceGroup, setup: NodeSetup, *, vpc: Cfn.VpcConfigProperty | None
) -> Cfn.ClusterInstanceGroupProperty:
    """Properties of a group; `vpc` is set if its zone is not its cluster's."""
    several = len(group.instance_types) > 1
    return Cfn.ClusterInstanceGroupProperty(
        instance_group_name=group.name,
        execution_role=setup.role.role_arn,
        instance_count=group.count,
        min_instance_count=group.min_count,
        instance_type=None if several else group.instance_types[0],
        instance_requirements=Cfn.InstanceRequirementsProperty(instance_types=[*group.instance_types])
        if several
        else None,
        life_cycle_config=setup.life_cycle,
        instance_storage_configs=[*setup.file_systems, *_volume(group.volume_gib)] or None,
        threads_per_core=group.threads_per_core,
        on_start_deep_health_checks=[check.value for check in group.deep_health_checks] or None,
        training_plan_arn=group.training_plan_arn or None,
        capacity_requirements=_capacity(group.capacity),
        override_vpc_config=vpc,
        kubernetes_config=_kubernetes(group),
        slurm_config=_slurm(group.slurm),
        scheduled_update_config=Cfn.ScheduledUpdateConfigProperty(schedule_expression=group.software_updates)
        if group.software_updates
        else None,
    )


def restricted_group(
    group: RestrictedGroup, setup: NodeSetup, *, vpc: Cfn.VpcConfigProperty | None
) -> Cfn.ClusterRestrictedInstanceGroupProperty:
    """Properties of a restricted group, which runs only Nova's containers: no scripts, no mounts."""
    return Cfn.ClusterRestrictedInstanceGroupProperty(
        instance_group_name=group.name,
        execution_role=setup.role.role_arn,
        instance_count=group.count,
        instance_type=group.instance_type,
        environment_config=Cfn.EnvironmentConfigProperty(f_sx_lustre_config=lustre(group.lustre))
        if group.lustre
        else None,
        instance_storage_configs=_volume(group.volume_gib) or None,
        threads_per_core=group.threads_per_core,
        on_start_deep_health_checks=[check.value for check in group.deep_health_checks] or None,
        training_plan_arn=group.training_plan_arn or None,
        override_vpc_config=vpc,
    )


def lustre(file_system: Lustre) -> Cfn.FSxLustreConfigProperty:
    """Properties of a file system that HyperPod creates."""
    return Cfn.FSxLustreConfigProperty(
        size_in_gib=file_system.size_gib, per_unit_storage_throughput=file_system.throughput
    )


def _volume(gib: int | None) -> list[Cfn.ClusterInstanceStorageConfigProperty]:
    if gib is None:
        return []
    volume = Cfn.ClusterEbsVolumeConfigProperty(volume_size_in_gb=gib, root_volume=False)
    return [Cfn.ClusterInstanceStorageConfigProperty(ebs_volume_config=volume)]


def _capacity(capacity: Capacity | None) -> Cfn.ClusterCapacityRequirementsProperty | None:
    if capacity is None:
        return None
    is_spot = capacity is Capacity.SPOT
    return Cfn.ClusterCapacityRequirementsProperty(
        spot={} if is_spot else None, on_demand=None if is_spot else {}
    )


def _kubernetes(group: InstanceGroup) -> Cfn.ClusterKubernetesConfigProperty | None:
    if not (group.labels or group.taints):
        return None
    return Cfn.ClusterKubernetesConfigProperty(
        labels=dict(group.labels) or None,
        taints=[
            Cfn.ClusterKubernetesTaintProperty(key=taint.key, value=taint.value, effect=taint.effect.value)
            for taint in group.taints
        ]
        or None,
    )


def _slurm(slurm: SlurmConfig | None) -> Cfn.ClusterSlurmConfigProperty | None:
    if slurm is None:
        return None
    return Cfn.ClusterSlurmConfigProperty(
        node_type=slurm.node_type.value, partition_names=[slurm.partition] if slurm.partition else None
    )
