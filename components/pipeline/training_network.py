"""The VPC of training jobs: private subnets with VPC endpoints."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack, aws_ec2 as ec2, aws_kms as kms, aws_logs as logs
from constructs import Construct

from config.network import NewNetwork


class TrainingNetwork(Construct):
    """A VPC with flow logs, and without internet access unless it has NAT gateways."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        network: NewNetwork,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self._endpoints = network.interface_endpoints
        has_nat = network.nat_gateways > 0
        private = ec2.SubnetConfiguration(
            name="Private",
            subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS if has_nat else ec2.SubnetType.PRIVATE_ISOLATED,
        )
        public = ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=28, map_public_ip_on_launch=False
        )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(network.cidr),
            availability_zones=list(network.availability_zones),
            nat_gateways=network.nat_gateways,
            subnet_configuration=[private, public] if has_nat else [private],
            # Restricting it takes a custom resource with permissions; nothing uses the group.
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        log_group = logs.LogGroup(
            self, "FlowLog", encryption_key=key, retention=log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        self.vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group))

    def admit(self, security_group: ec2.ISecurityGroup) -> ec2.ISecurityGroup:
        """Allow `security_group` to use the interface endpoints; returns the endpoints' own group."""
        group = ec2.SecurityGroup(
            self,
            "EndpointGroup",
            vpc=self.vpc,
            description="AWS services, for training jobs",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(security_group, ec2.Port.tcp(443), "HTTPS from training jobs")
        region = Stack.of(self).region
        for endpoint in self._endpoints:
            self.vpc.add_interface_endpoint(
                "".join(word.capitalize() for word in endpoint.replace(".", "-").split("-")),
                service=ec2.InterfaceVpcEndpointService(f"com.amazonaws.{region}.{endpoint}"),
                private_dns_enabled=True,
                security_groups=[group],
                open=False,
            )
        return group
