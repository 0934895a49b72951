"""Network access of functions that call private endpoints."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack, aws_ec2 as ec2, aws_iam as iam, aws_lambda as lambda_
from constructs import Construct

from components.permissions import allow

BY_LAMBDA_ITSELF = {"Null": {"lambda:SourceFunctionArn": "true"}}
"""True for calls of Lambda itself: calls of a function's code carry this key.

AWS Lambda guide, "Working with Lambda execution environment credentials"."""


class FunctionNetwork(Construct):
    """`security_group` and `policy` of the functions in these subnets; outbound traffic is HTTPS only.

    Lambda creates the network interfaces under the function's role. The policy lets Lambda create them;
    function code may not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnet_ids: Sequence[str],
        endpoint_group: ec2.ISecurityGroup | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._subnet_ids = list(subnet_ids)
        self.security_group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=vpc,
            description="Functions that reach clusters",
            allow_all_outbound=False,
        )
        self.security_group.add_egress_rule(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS and Kubernetes APIs, through endpoints or NAT"
        )
        if endpoint_group:
            # L1, to stay in this stack: CDK would put the rule into the endpoints' stack, which comes first.
            ec2.CfnSecurityGroupIngress(
                self,
                "ToEndpoints",
                group_id=endpoint_group.security_group_id,
                source_security_group_id=self.security_group.security_group_id,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                description="HTTPS from functions that reach clusters",
            )
        self.policy = iam.ManagedPolicy(self, "Join", description="Atelier's functions join the network")
        allow(
            self.policy,
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
            on=[Stack.of(self).format_arn(service="ec2", resource="*", resource_name="*")],
            when=BY_LAMBDA_ITSELF,
            because="Lambda checks a function's role for these on all resources of the account",
        )
        allow(
            self.policy,
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            on=["*"],
            when=BY_LAMBDA_ITSELF,
            because="EC2's Describe actions have no resources to name",
        )

    @property
    def configuration(self) -> lambda_.CfnFunction.VpcConfigProperty:
        """The `VpcConfig` property of a function."""
        return lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=self._subnet_ids, security_group_ids=[self.security_group.security_group_id]
        )
