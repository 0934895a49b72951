"""The IAM role of HyperPod nodes: join the cluster and pull images."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam
from constructs import Construct

from components.permissions import acknowledge, allow

NODES = "Nodes get their network interfaces, and those their ids, from EC2"
DESCRIBE = "EC2's Describe actions have no resources to name"
POLICY = "AmazonSageMakerClusterInstanceRolePolicy"


class NodeRole(iam.Role):
    """A group's execution role. Actions: awslabs/awsome-distributed-ai (sagemaker_iam_role).

    A cluster must depend on the role and its policies: without them CreateCluster cannot read its subnets.
    """

    def __init__(self, scope: Construct, construct_id: str, *, description: str) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            # Without a condition on the source account, as AWS documents it for clusters. Whether SageMaker
            # sends the account for nodes is undocumented, and without credentials no node starts.
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(POLICY)],
        )
        acknowledge(
            self,
            f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{POLICY}]",
            because="HyperPod's agents on a node need what AWS keeps in this policy as they change",
        )
        self._allow_join()
        self._allow_pull_images()
        allow(
            self,
            "cloudwatch:DescribeAlarms",
            on=["*"],
            because="A rolling update asks for its alarms by prefix, which no resource can name",
        )

    def _allow_join(self) -> None:
        stack = Stack.of(self)

        def anything(resource: str) -> str:
            return stack.format_arn(service="ec2", resource=resource, resource_name="*")

        allow(
            self,
            "ec2:AssignPrivateIpAddresses",
            "ec2:AttachNetworkInterface",
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            "ec2:DetachNetworkInterface",
            "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:UnassignPrivateIpAddresses",
            on=[
                anything(resource)
                for resource in ("instance", "network-interface", "security-group", "subnet", "vpc")
            ],
            because=NODES,
        )
        allow(self, "ec2:CreateTags", on=[anything("network-interface")], because=NODES)
        allow(
            self,
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeInstances",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVpcs",
            on=["*"],
            because=DESCRIBE,
        )

    def _allow_pull_images(self) -> None:
        images = Stack.of(self).format_arn(
            service="ecr", region="*", account="*", resource="repository", resource_name="*"
        )
        allow(
            self,
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=[images],
            because="The images are in Amazon's accounts; each repository's own policy decides who pulls",
        )
        allow(
            self,
            "ecr:GetAuthorizationToken",
            on=["*"],
            because="ECR has no resources to name for its login token",
        )
