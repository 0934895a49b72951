"""Subnets and security group of a cluster's nodes."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import CfnResource, CfnTag, RemovalPolicy, aws_ec2 as ec2
from constructs import Construct

from components.hyperpod.efa_security_group import EfaSecurityGroup
from config.cluster import ClusterSubnet


class ClusterNetwork(Construct):
    """`subnet_ids` by zone id and the nodes' `security_group`.

    A node uses dozens of addresses, so each subnet has a secondary block of the VPC. Zones are named by id,
    which CDK's own subnets do not support. The subnets use the route table of a private subnet of the
    network. Its zone may differ, so traffic to the NAT gateway may cross zones.

    The group allows all traffic between members. File systems (Lustre: ports 988 and 1018 to 1023) and the
    control plane's interfaces are members and need no further rule.
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
            # L1, to stay in this stack: CDK would put the rules into the stacks that own the groups.
            self._https("ToEndpoints", endpoint_group, self.security_group, "HTTPS from cluster nodes")

    def admit_functions(self, group: ec2.ISecurityGroup) -> None:
        """Allow `group` to call the Kubernetes API, whose interfaces are members of `security_group`."""
        self._https("FromFunctions", self.security_group, group, "HTTPS from functions that submit jobs")

    def keep(self, removal: RemovalPolicy) -> None:
        """Retain subnets and security group for a retained file system in them.

        Routes and the rules of other groups are deleted: they would block the deletion of other stacks.
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
            # Kubernetes finds subnets for internal load balancers by this tag.
            tags=[CfnTag(key="kubernetes.io/role/internal-elb", value="1")],
        )
        resource.node.add_dependency(block)
        self._kept += [block, resource]
        ec2.CfnSubnetRouteTableAssociation(
            self, f"Routes{subnet.zone_id}", subnet_id=resource.ref, route_table_id=route_table_id
        )
        return resource.ref
