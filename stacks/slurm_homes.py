"""The stack of a Slurm cluster's home directories, and of their subnet and security group."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from constructs import Construct

from components.hyperpod.network import ClusterNetwork
from components.slurm.homes import Homes
from config.cluster import ClusterConfig
from config.model import Environment
from config.slurm import SlurmOrchestrator
from stacks.network import NetworkStack
from stacks.storage import StorageStack


class SlurmHomesStack(Stack):
    """`nodes_network` and `homes` of one Slurm cluster, whose own stack can be deleted and recreated.

    A file system needs its subnet and security group: where homes are retained, so are these, and the VPC
    (see NetworkStack).
    """

    def __init__(
        self,
        scope: Construct,
        *,
        environment: Environment,
        cluster: ClusterConfig,
        network: NetworkStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(
            scope,
            environment.stack_name(f"{cluster.suffix}Homes"),
            env={"account": environment.account, "region": environment.region},
            termination_protection=not environment.data_may_be_destroyed,
        )
        assert isinstance(cluster.orchestrator, SlurmOrchestrator)
        self.nodes_network = ClusterNetwork(
            self,
            "Network",
            vpc=network.vpc,
            subnets=cluster.subnets,
            endpoint_group=network.endpoint_group,
        )
        if storage.data_removal is not RemovalPolicy.DESTROY:
            self.nodes_network.keep(storage.data_removal)
        self.homes = Homes(
            self,
            "Homes",
            home=cluster.orchestrator.home,
            subnet=cluster.subnets[0],
            network=self.nodes_network,
            key=storage.key,
            removal=storage.data_removal,
        )
