"""The security group of nodes that train together over Elastic Fabric Adapter."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class EfaSecurityGroup(ec2.SecurityGroup):
    """Members reach each other by every protocol, both ways, and AWS's APIs by HTTPS.

    EFA is not IP: its packets pass only if the group names itself as the peer of an all-protocol rule for
    ingress *and* egress (docs: "Prepare an EFA-enabled security group"). `allow_all_outbound` must therefore
    be off: with it on, the library silently drops the egress rule as superfluous, and collectives hang.
    """

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.IVpc) -> None:
        super().__init__(
            scope, construct_id, vpc=vpc, description="Nodes that train together", allow_all_outbound=False
        )
        self.add_ingress_rule(self, ec2.Port.all_traffic(), "EFA: from each other")
        self.add_egress_rule(self, ec2.Port.all_traffic(), "EFA: to each other")
        self.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS APIs, through endpoints or NAT")
