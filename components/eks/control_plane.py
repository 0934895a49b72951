"""The EKS cluster that manages HyperPod's nodes."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import (
    RemovalPolicy,
    aws_ec2 as ec2,
    aws_eks as eks,
    aws_iam as iam,
    aws_kms as kms,
    aws_logs as logs,
    aws_sagemaker as sagemaker,
)
from constructs import Construct

from components.permissions import acknowledge, allow
from config.cluster import EksOrchestrator, EndpointAccess

BASE_ADD_ONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons that nodes need to join, and pods to get a role. CoreDNS waits for nodes (see AddOns).

All three are DaemonSets, so they become ACTIVE without nodes."""

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class ControlPlane(Construct):
    """An EKS cluster from L1 resources, so that no custom resource has rights on it.

    Its creator is no administrator: access entries are the only access (see ClusterAccess). Secrets are
    encrypted under the customer-managed key.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        orchestrator: EksOrchestrator,
        subnet_ids: Sequence[str],
        nodes: ec2.ISecurityGroup,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        # EKS writes to the log group of this name, and would create one without a key or an expiry.
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/eks/{name}/cluster",
            encryption_key=key,
            retention=log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(
            self,
            "Role",
            description="EKS runs the control plane of Atelier's cluster as this",
            assumed_by=iam.ServicePrincipal("eks.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonEKSClusterPolicy")],
        )
        acknowledge(
            role,
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonEKSClusterPolicy]",
            because="EKS asks for exactly this policy, and widens it with its own features",
        )
        allow(
            role, "kms:CreateGrant", "kms:DescribeKey", "kms:Decrypt", "kms:Encrypt", on=[key.key_arn]
        )  # fmt: skip
        is_private = orchestrator.endpoint_access is not EndpointAccess.PUBLIC
        self.cluster = eks.CfnCluster(
            self,
            "Cluster",
            # The pipeline's permissions contain this name; the pipeline is deployed before the cluster.
            name=name,
            version=orchestrator.kubernetes_version,
            role_arn=role.role_arn,
            access_config=eks.CfnCluster.AccessConfigProperty(
                # HyperPod's CreateCluster does not accept CONFIG_MAP.
                authentication_mode="API",
                bootstrap_cluster_creator_admin_permissions=False,
            ),
            resources_vpc_config=eks.CfnCluster.ResourcesVpcConfigProperty(
                subnet_ids=[*subnet_ids],
                security_group_ids=[nodes.security_group_id],
                endpoint_public_access=True,
                endpoint_private_access=is_private,
            ),
            encryption_config=[
                eks.CfnCluster.EncryptionConfigProperty(
                    provider=eks.CfnCluster.ProviderProperty(key_arn=key.key_arn), resources=["secrets"]
                )
            ],
            logging=eks.CfnCluster.LoggingProperty(
                cluster_logging=eks.CfnCluster.ClusterLoggingProperty(
                    enabled_types=[
                        eks.CfnCluster.LoggingTypeConfigProperty(type=log_type) for log_type in LOGS
                    ]
                )
            ),
        )
        self.cluster.node.add_dependency(role, log_group)
        acknowledge(
            self.cluster,
            "EKS1",
            because="SageMaker and the builds that install charts connect from outside the network; IAM "
            "still authenticates them",
        )
        self.base_add_ons = [
            eks.CfnAddon(
                self,
                "".join(word.capitalize() for word in name.split("-")),
                addon_name=name,
                cluster_name=self.name,
                resolve_conflicts="OVERWRITE",
            )
            for name in BASE_ADD_ONS
        ]

    @property
    def orchestrator(self) -> sagemaker.CfnCluster.OrchestratorProperty:
        """The `Orchestrator` property that points HyperPod at this EKS cluster."""
        return sagemaker.CfnCluster.OrchestratorProperty(
            eks=sagemaker.CfnCluster.ClusterOrchestratorEksConfigProperty(cluster_arn=self.cluster.attr_arn)
        )

    @property
    def name(self) -> str:
        """The EKS cluster's name, as a reference: resources that use it depend on the cluster."""
        return self.cluster.ref
