"""Where a cluster's nodes lie: subnets of their own beside the network's block, and who reaches whom."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnResource, CfnTag, RemovalPolicy, aws_ec2 as ec2
from constructs import Construct

from components.hyperpod.efa_security_group import EfaSecurityGroup
from config.cluster import ClusterSubnet


class ClusterNetwork(Construct):
    """`subnet_ids` by zone id and the nodes' `security_group`.

    A node takes dozens of addresses, hence a secondary block for each subnet. Zones are named by id, which
    the library's own subnets cannot. Routes are a private subnet's of the network: which of its zones this
    one is in is not known at synthesis, so traffic to the gateway may cross zones.

    The group lets members reach each other by everything, so the ports of a file system between them (Lustre:
    988 and 1018 to 1023) and of the control plane's interfaces, which are members, need no rule.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: Sequence[ClusterSubnet],
        endpoint_group: ec2.ISecurityGroup | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._kept: list[CfnResource] = []
        routes = (vpc.private_subnets or vpc.isolated_subnets)[0].route_table.route_table_id
        self.subnet_ids = {subnet.zone_id: self._subnet(vpc, subnet, routes) for subnet in subnets}
        self.security_group = EfaSecurityGroup(self, "Nodes", vpc=vpc)
        if endpoint_group:
            # Resources of this stack: the library would put rules into the stacks of the groups' owners.
            self._https("ToEndpoints", endpoint_group, self.security_group, "HTTPS from cluster nodes")

    def admit_functions(self, group: ec2.ISecurityGroup) -> None:
        """Let members of `group` reach the Kubernetes API, whose interfaces are members of the nodes'."""
        self._https("FromFunctions", self.security_group, group, "HTTPS from functions that submit jobs")

    def keep(self, removal: RemovalPolicy) -> None:
        """Keep subnets and security group when the stack goes, for a file system in them that is kept.

        Routes and the rules of other groups go: their own stacks could not be deleted with them.
        """
        resources = [*self._kept, *self.security_group.node.find_all()]
        for resource in resources:
            if isinstance(resource, CfnResource):
                resource.apply_removal_policy(removal)

    def _https(
        self, construct_id: str, to: ec2.ISecurityGroup, source: ec2.ISecurityGroup, description: str
    ) -> None:
        ec2.CfnSecurityGroupIngress(
            self,
            construct_id,
            group_id=to.security_group_id,
            source_security_group_id=source.security_group_id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=description,
        )

    def _subnet(self, vpc: ec2.IVpc, subnet: ClusterSubnet, route_table_id: str) -> str:
        block = ec2.CfnVPCCidrBlock(self, f"Block{subnet.zone_id}", vpc_id=vpc.vpc_id, cidr_block=subnet.cidr)
        resource = ec2.CfnSubnet(
            self,
            f"Subnet{subnet.zone_id}",
            vpc_id=vpc.vpc_id,
            cidr_block=subnet.cidr,
            availability_zone_id=subnet.zone_id,
            # By this tag Kubernetes finds where an internal load balancer may stand.
            tags=[CfnTag(key="kubernetes.io/role/internal-elb", value="1")],
        )
        resource.node.add_dependency(block)
        self._kept += [block, resource]
        ec2.CfnSubnetRouteTableAssociation(
            self, f"Routes{subnet.zone_id}", subnet_id=resource.ref, route_table_id=route_table_id
        )
        return resource.ref
