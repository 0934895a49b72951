"""The network stack, which outlives clusters and pipelines: zones and addresses are hard to change."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack, aws_ec2 as ec2
from constructs import Construct

from components.hyperpod.efa_security_group import EfaSecurityGroup
from components.pipeline.training_network import TrainingNetwork
from components.retention import retention
from config.model import Environment
from config.network import ExistingNetwork
from stacks.storage import StorageStack


class NetworkStack(Stack):
    """`vpc`, private `subnet_ids` and `security_group` of training jobs, in a new or an existing VPC.

    `endpoint_group` is the security group of the interface endpoints of a new VPC.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, storage: StorageStack
    ) -> None:
        network = environment.network
        self._zones = list(network.availability_zones)
        super().__init__(
            scope, construct_id, env={"account": environment.account, "region": environment.region}
        )
        self.vpc: ec2.IVpc
        self.endpoint_group: ec2.ISecurityGroup | None = None
        if isinstance(network, ExistingNetwork):
            self.vpc = ec2.Vpc.from_vpc_attributes(
                self,
                "Vpc",
                vpc_id=network.vpc_id,
                availability_zones=list(network.availability_zones),
                private_subnet_ids=list(network.private_subnet_ids),
            )
            self.subnet_ids = list(network.private_subnet_ids)
            self.security_group = EfaSecurityGroup(self, "TrainingGroup", vpc=self.vpc)
        else:
            own = TrainingNetwork(
                self,
                "Network",
                network=network,
                key=storage.key,
                log_retention=retention(environment.log_retention_days),
            )
            if environment.keeps_homes and storage.data_removal is not RemovalPolicy.DESTROY:
                # AWS cannot delete a VPC that has a file system in it.
                own.vpc.apply_removal_policy(storage.data_removal)
            self.vpc = own.vpc
            self.subnet_ids = [
                subnet.subnet_id for subnet in (own.vpc.private_subnets or own.vpc.isolated_subnets)
            ]
            self.security_group = EfaSecurityGroup(self, "TrainingGroup", vpc=self.vpc)
            self.endpoint_group = own.admit(self.security_group)

    @property
    def availability_zones(self) -> list[str]:
        """The configured zones; CDK's default is a lookup that needs credentials and network access."""
        return self._zones
