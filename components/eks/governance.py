"""Task governance: priority classes and the compute quotas of teams."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnResource, aws_sagemaker as sagemaker
from constructs import Construct, IDependable

from components.hyperpod.hyperpod_cluster import HyperPodCluster
from config.cluster import TaskGovernance, Team


class ComputeQuota(CfnResource):
    """AWS::SageMaker::ComputeQuota, a team's share, for which CDK has no class yet."""

    def __init__(self, scope: Construct, construct_id: str, *, cluster: HyperPodCluster, team: Team) -> None:
        sharing: dict[str, Any] = {"Strategy": "DontLend"}
        if team.borrow_limit_percent is not None:
            sharing = {"Strategy": "LendAndBorrow", "BorrowLimit": team.borrow_limit_percent}
        super().__init__(
            scope,
            construct_id,
            type="AWS::SageMaker::ComputeQuota",
            properties={
                "Name": team.name,
                "ClusterArn": cluster.cluster.attr_cluster_arn,
                "ActivationState": "Enabled",
                "ComputeQuotaTarget": {"TeamName": team.name, "FairShareWeight": team.fair_share_weight},
                "ComputeQuotaConfig": {
                    "ComputeQuotaResources": [
                        {"InstanceType": quota.instance_type, "Count": quota.count} for quota in team.quotas
                    ],
                    "ResourceSharingConfig": sharing,
                    "PreemptTeamTasks": "LowerPriority",
                },
            },
        )


class Governance(Construct):
    """Priority classes, and a quota for each team. `quotas` create the teams' namespaces."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: HyperPodCluster,
        rules: TaskGovernance,
        add_on: IDependable,
    ) -> None:
        super().__init__(scope, construct_id)
        before: IDependable = add_on
        if rules.priority_classes:
            priorities = sagemaker.CfnClusterSchedulerConfig(
                self,
                "Priorities",
                name=f"{cluster.name}-priorities"[:63],
                cluster_arn=cluster.cluster.attr_cluster_arn,
                scheduler_config=sagemaker.CfnClusterSchedulerConfig.SchedulerConfigProperty(
                    fair_share="Enabled"
                    if any(team.fair_share_weight for team in rules.teams)
                    else "Disabled",
                    priority_classes=[
                        sagemaker.CfnClusterSchedulerConfig.PriorityClassProperty(
                            name=each.name, weight=each.weight
                        )
                        for each in rules.priority_classes
                    ],
                ),
            )
            priorities.node.add_dependency(add_on)
            before = priorities
        self.quotas = [
            ComputeQuota(self, f"Quota{team.name}", cluster=cluster, team=team) for team in rules.teams
        ]
        for quota in self.quotas:
            quota.node.add_dependency(before)
