"""The HyperPod cluster itself: its nodes, as configuration names them."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam, aws_sagemaker as sagemaker
from constructs import Construct, IDependable

from components.cluster.access import OWN_ID
from components.cluster.control_plane import ControlPlane
from components.cluster.execution_role import ExecutionRole
from components.cluster.lifecycle_scripts import ENTRY, LifecycleScripts
from components.cluster.network import ClusterNetwork
from components.permissions import allow
from config.cluster import Capacity, ClusterConfig, InstanceGroup, RestrictedGroup
from config.file_systems import Lustre

Cfn = sagemaker.CfnCluster


class HyperPodCluster(Construct):
    """`cluster`, under the name `name`: people, log groups and AWS's own tools call a cluster by its name.

    It depends on everything that CreateCluster looks for without being told: the execution role's policies,
    the nodes' access entry, the chart, the base add-ons. Deletion goes the other way.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: ClusterConfig,
        control_plane: ControlPlane,
        network: ClusterNetwork,
        role: ExecutionRole,
        scripts: LifecycleScripts,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self._role, self._scripts, self._network = role, scripts, network
        first = config.subnets[0].zone_id
        scaling_role = self._scaling_role() if config.karpenter else None
        self.cluster = Cfn(
            self,
            "Cluster",
            cluster_name=name,
            orchestrator=Cfn.OrchestratorProperty(
                eks=Cfn.ClusterOrchestratorEksConfigProperty(cluster_arn=control_plane.cluster.attr_arn)
            ),
            vpc_config=self._vpc(first),
            node_recovery="Automatic" if config.node_recovery else "None",
            node_provisioning_mode="Continuous" if config.continuous_provisioning else None,
            instance_groups=[self._group(group) for group in config.groups] or None,
            restricted_instance_groups=[self._restricted(group) for group in config.restricted_groups]
            or None,
            restricted_instance_groups_config=_shared(config.shared_lustre),
            tiered_storage_config=_tiered(config.tiered_storage_percent),
            cluster_role=scaling_role.role_arn if scaling_role else None,
            auto_scaling=Cfn.ClusterAutoScalingConfigProperty(mode="Enable", auto_scaler_type="Karpenter")
            if scaling_role
            else None,
        )
        self.cluster.node.add_dependency(role, *control_plane.base_add_ons)
        if scaling_role:
            self.cluster.node.add_dependency(scaling_role)

    def after(self, *earlier: IDependable) -> None:
        """Make the cluster when these are there, and take it away before them."""
        self.cluster.node.add_dependency(*earlier)

    def _group(self, group: InstanceGroup) -> Cfn.ClusterInstanceGroupProperty:
        several = len(group.instance_types) > 1
        return Cfn.ClusterInstanceGroupProperty(
            instance_group_name=group.name,
            execution_role=self._role.role_arn,
            instance_count=group.count,
            min_instance_count=group.min_count,
            instance_type=None if several else group.instance_types[0],
            instance_requirements=Cfn.InstanceRequirementsProperty(instance_types=[*group.instance_types])
            if several
            else None,
            life_cycle_config=Cfn.ClusterLifeCycleConfigProperty(
                source_s3_uri=self._scripts.address, on_create=ENTRY
            ),
            instance_storage_configs=_volume(group.volume_gib),
            threads_per_core=group.threads_per_core,
            on_start_deep_health_checks=[check.value for check in group.deep_health_checks] or None,
            training_plan_arn=group.training_plan_arn or None,
            capacity_requirements=_capacity(group.capacity),
            override_vpc_config=self._vpc(group.zone_id) if group.zone_id else None,
            kubernetes_config=_kubernetes(group),
            scheduled_update_config=Cfn.ScheduledUpdateConfigProperty(
                schedule_expression=group.software_updates
            )
            if group.software_updates
            else None,
        )

    def _restricted(self, group: RestrictedGroup) -> Cfn.ClusterRestrictedInstanceGroupProperty:
        return Cfn.ClusterRestrictedInstanceGroupProperty(
            instance_group_name=group.name,
            execution_role=self._role.role_arn,
            instance_count=group.count,
            instance_type=group.instance_type,
            environment_config=Cfn.EnvironmentConfigProperty(f_sx_lustre_config=_lustre(group.lustre))
            if group.lustre
            else None,
            instance_storage_configs=_volume(group.volume_gib),
            threads_per_core=group.threads_per_core,
            on_start_deep_health_checks=[check.value for check in group.deep_health_checks] or None,
            training_plan_arn=group.training_plan_arn or None,
            override_vpc_config=self._vpc(group.zone_id) if group.zone_id else None,
        )

    def _scaling_role(self) -> iam.Role:
        """HyperPod's own Karpenter adds and removes nodes as this.

        Its rights on keys, which AWS's document lists, are for volumes under customer-managed ones.
        """
        role = iam.Role(
            self,
            "ScalingRole",
            description="HyperPod scales Atelier's cluster as this",
            assumed_by=iam.ServicePrincipal("hyperpod.sagemaker.amazonaws.com"),
        )
        allow(
            role,
            "sagemaker:BatchAddClusterNodes",
            "sagemaker:BatchDeleteClusterNodes",
            on=[Stack.of(self).format_arn(service="sagemaker", resource="cluster", resource_name="*")],
            because=OWN_ID,
        )
        return role

    def _vpc(self, zone_id: str) -> Cfn.VpcConfigProperty:
        return Cfn.VpcConfigProperty(
            security_group_ids=[self._network.security_group.security_group_id],
            subnets=[self._network.subnet_ids[zone_id]],
        )


def _lustre(lustre: Lustre) -> Cfn.FSxLustreConfigProperty:
    return Cfn.FSxLustreConfigProperty(
        size_in_gib=lustre.size_gib, per_unit_storage_throughput=lustre.throughput
    )


def _shared(lustre: Lustre | None) -> Cfn.RestrictedInstanceGroupsConfigProperty | None:
    if lustre is None:
        return None
    return Cfn.RestrictedInstanceGroupsConfigProperty(
        shared_environment_config=Cfn.SharedEnvironmentConfigProperty(
            # Nova's checkpoints are in escrow; what lies here is scratch, billed by the hour.
            f_sx_lustre_deletion_policy="DeleteIfNotUsed",
            f_sx_lustre_config=_lustre(lustre),
        )
    )


def _tiered(percent: int | None) -> Cfn.TieredStorageConfigProperty | None:
    if percent is None:
        return None
    return Cfn.TieredStorageConfigProperty(mode="Enable", instance_memory_allocation_percentage=percent)


def _volume(gib: int | None) -> list[Cfn.ClusterInstanceStorageConfigProperty] | None:
    if gib is None:
        return None
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
