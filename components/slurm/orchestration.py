"""Slurm as a HyperPod cluster's orchestrator, and the setup of its nodes."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_sagemaker as sagemaker

from components.hyperpod.instance_groups import NodeSetup
from components.hyperpod.lifecycle_scripts import LifecycleScripts
from components.slurm.accounting import Accounting
from components.slurm.node_roles import ControllerRole, SlurmNodeRole
from components.slurm.shared_storage import SharedStorage
from config.cluster import InstanceGroup, RestrictedGroup
from config.slurm import NodeType, SlurmStrategy

Cfn = sagemaker.CfnCluster


def slurm_orchestrator(
    strategy: SlurmStrategy | None, accounting: Accounting | None
) -> Cfn.OrchestratorProperty:
    """The `Orchestrator` property for Slurm."""
    return Cfn.OrchestratorProperty(
        slurm=Cfn.ClusterOrchestratorSlurmConfigProperty(
            slurm_config_strategy=strategy and strategy.value,
            accounting_database=accounting.database if accounting else None,
        )
    )


@dataclass(frozen=True)
class SlurmNodes:
    """Node setup by group; only the controller has the agent and its permissions."""

    controller_role: ControllerRole
    node_role: SlurmNodeRole
    scripts: LifecycleScripts
    storage: SharedStorage

    def setup(self, group: InstanceGroup | RestrictedGroup) -> NodeSetup:
        """Node setup of one instance group."""
        assert isinstance(group, InstanceGroup), "Slurm has no restricted groups: config/checks"
        assert group.slurm is not None, "a group has a node type: config/checks"
        is_controller = group.slurm.node_type is NodeType.CONTROLLER
        entry = "on_init_complete_controller.sh" if is_controller else "on_init_complete.sh"
        return NodeSetup(
            role=self.controller_role if is_controller else self.node_role,
            life_cycle=self.scripts.on_init_complete(entry),
            file_systems=self.storage.mounts,
        )
