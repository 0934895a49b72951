"""The security group of nodes that train together over Elastic Fabric Adapter."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct


class EfaSecurityGroup(ec2.SecurityGroup):
    """Allows all traffic between members, and HTTPS to AWS's APIs.

    EFA is not IP: its packets pass only if the group names itself as the peer of an all-protocol rule for
    ingress *and* egress (docs: "Prepare an EFA-enabled security group"). `allow_all_outbound` must be off:
    otherwise CDK silently omits the egress rule as redundant, and collective operations hang.
    """

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.IVpc) -> None:
        super().__init__(
            scope, construct_id, vpc=vpc, description="Nodes that train together", allow_all_outbound=False
        )
        self.add_ingress_rule(self, ec2.Port.all_traffic(), "EFA: from each other")
        self.add_egress_rule(self, ec2.Port.all_traffic(), "EFA: to each other")
        self.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS APIs, through endpoints or NAT")
