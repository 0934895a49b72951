"""A wait for a cluster's nodes, which AWS::SageMaker::Cluster does not provide."""

from __future__ import annotations

from aws_cdk import CustomResource, Stack
from constructs import Construct

from components.hyperpod.custom_resources import CustomResources, texts
from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.permissions import OWN_ID, allow
from config.cluster import ClusterConfig


class Nodes(Construct):
    """`arrived` completes when every group has its minimum of nodes; add-ons depend on it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: HyperPodCluster,
        config: ClusterConfig,
        waiter: CustomResources,
    ) -> None:
        super().__init__(scope, construct_id)
        any_cluster = Stack.of(self).format_arn(service="sagemaker", resource="cluster", resource_name="*")
        allow(
            waiter.function,
            "sagemaker:DescribeCluster",
            "sagemaker:ListClusterEvents",
            "sagemaker:ListClusterNodes",
            on=[any_cluster],
            because=OWN_ID,
        )
        self.arrived: CustomResource = waiter.resource(
            self,
            "Arrived",
            ClusterName=cluster.name,
            LeastCounts=texts({group.name: group.least_count for group in config.all_groups}),
            HasEvents=str(config.continuous_provisioning).lower(),
        )
        self.arrived.node.add_dependency(cluster.cluster)
