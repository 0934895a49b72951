"""The HyperPod cluster and its instance groups."""

from __future__ import annotations

from collections.abc import Callable

from aws_cdk import Stack, aws_iam as iam, aws_sagemaker as sagemaker
from constructs import Construct, IDependable

from components.hyperpod.instance_groups import NodeSetup, instance_group, lustre, restricted_group
from components.hyperpod.network import ClusterNetwork
from components.permissions import OWN_ID, allow
from config.cluster import ClusterConfig, InstanceGroup, RestrictedGroup
from config.file_systems import Lustre

Cfn = sagemaker.CfnCluster


class HyperPodCluster(Construct):
    """`cluster`, with the physical name `name`, by which log groups and AWS's tools find it.

    `orchestrator` runs its jobs; `setup` returns the role, scripts and mounts of a group's nodes. The cluster
    depends on the whole network and on the roles' policies, which CreateCluster checks although the template
    does not refer to them. Further dependencies: `after`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        config: ClusterConfig,
        orchestrator: Cfn.OrchestratorProperty,
        network: ClusterNetwork,
        setup: Callable[[InstanceGroup | RestrictedGroup], NodeSetup],
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        self._network = network
        setups = {group.name: setup(group) for group in config.all_groups}
        scaling_role = self._scaling_role() if config.karpenter else None
        self.cluster = Cfn(
            self,
            "Cluster",
            cluster_name=name,
            orchestrator=orchestrator,
            vpc_config=self._vpc(config.subnets[0].zone_id),
            node_recovery="Automatic" if config.node_recovery else "None",
            node_provisioning_mode="Continuous" if config.continuous_provisioning else None,
            instance_groups=[
                instance_group(group, setups[group.name], vpc=self._own_vpc(group)) for group in config.groups
            ]
            or None,
            restricted_instance_groups=[
                restricted_group(group, setups[group.name], vpc=self._own_vpc(group))
                for group in config.restricted_groups
            ]
            or None,
            restricted_instance_groups_config=_shared(config.shared_lustre),
            tiered_storage_config=_tiered(config.tiered_storage_percent),
            cluster_role=scaling_role.role_arn if scaling_role else None,
            auto_scaling=Cfn.ClusterAutoScalingConfigProperty(mode="Enable", auto_scaler_type="Karpenter")
            if scaling_role
            else None,
        )
        # Including routes and rules: HyperPod gives up a node that starts without them.
        self.after(network, *{each.role.node.path: each.role for each in setups.values()}.values())
        if scaling_role:
            self.after(scaling_role)

    def after(self, *earlier: IDependable) -> None:
        """Create the cluster after these resources, and delete it before them."""
        self.cluster.node.add_dependency(*earlier)

    def _scaling_role(self) -> iam.Role:
        """The role with which HyperPod's Karpenter adds and removes nodes.

        AWS's documentation also lists permissions on keys; they are for volumes under customer-managed keys.
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

    def _own_vpc(self, group: InstanceGroup | RestrictedGroup) -> Cfn.VpcConfigProperty | None:
        return self._vpc(group.zone_id) if group.zone_id else None

    def _vpc(self, zone_id: str) -> Cfn.VpcConfigProperty:
        return Cfn.VpcConfigProperty(
            security_group_ids=[self._network.security_group.security_group_id],
            subnets=[self._network.subnet_ids[zone_id]],
        )


def _shared(file_system: Lustre | None) -> Cfn.RestrictedInstanceGroupsConfigProperty | None:
    if file_system is None:
        return None
    return Cfn.RestrictedInstanceGroupsConfigProperty(
        shared_environment_config=Cfn.SharedEnvironmentConfigProperty(
            # Nova's checkpoints are in escrow; this is scratch space, billed by the hour.
            f_sx_lustre_deletion_policy="DeleteIfNotUsed",
            f_sx_lustre_config=lustre(file_system),
        )
    )


def _tiered(percent: int | None) -> Cfn.TieredStorageConfigProperty | None:
    if percent is None:
        return None
    return Cfn.TieredStorageConfigProperty(mode="Enable", instance_memory_allocation_percentage=percent)
