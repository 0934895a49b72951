"""HyperPod's inference operator, which serves models on the cluster's nodes."""

from __future__ import annotations

import json

from aws_cdk import Fn, Stack, aws_iam as iam
from constructs import Construct

from components.artifact_bucket import ArtifactBucket
from components.eks.add_ons import AddOns
from components.eks.control_plane import ControlPlane
from components.hyperpod.hyperpod_cluster import HyperPodCluster
from components.permissions import acknowledge, allow

NAMESPACE = "hyperpod-inference-system"
OPERATOR = f"system:serviceaccount:{NAMESPACE}:hyperpod-inference-controller-manager"
PULLER = "system:serviceaccount:*:hyperpod-inference-service-account*"
AUDIENCE = "sts.amazonaws.com"
OWN_LIST = "The add-on is AWS's, and so is the list of what it calls"


class InferenceOperator(Construct):
    """The add-on, the add-ons that it requires, and its roles.

    Pods get the roles through the cluster's OpenID Connect provider: the add-on does not support pod
    identity. Load balancers and autoscaler are off: each is a controller that needs further rights. Docs:
    Amazon SageMaker AI guide, "Setting up your HyperPod clusters for model deployment".
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        control_plane: ControlPlane,
        cluster: HyperPodCluster,
        add_ons: AddOns,
        bucket: ArtifactBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        issuer = control_plane.cluster.attr_open_id_connect_issuer_url
        self._issuer = Fn.select(1, Fn.split("//", issuer))
        self._provider = iam.CfnOIDCProvider(self, "Provider", url=issuer, client_id_list=[AUDIENCE])
        operator = self._role(
            "OperatorRole",
            OPERATOR,
            "AmazonSageMakerHyperPodInferenceAccess",
            # The managed policy allows passing only roles with this name to SageMaker.
            name=f"SageMakerHyperPodInference-{cluster.name}"[:64],
        )
        bucket.grant_keep_certificates(operator)
        passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        allow(operator, "iam:PassRole", on=[operator.role_arn], when=passed)
        puller = self._role("GatedModelRole", PULLER, "AmazonSageMakerHyperPodGatedModelAccess")
        add_on = add_ons.add(
            "Inference",
            "amazon-sagemaker-hyperpod-inference",
            {
                "executionRoleArn": operator.role_arn,
                "jumpstartGatedModelDownloadRoleArn": puller.role_arn,
                "hyperpodClusterArn": cluster.cluster.attr_cluster_arn,
                "tlsCertificateS3Bucket": bucket.bucket.bucket_name,
                "alb": {"enabled": False},
                "keda": {"enabled": False},
            },
        )
        add_on.node.add_dependency(
            operator, puller, add_ons.certificates(), add_ons.file_systems(), *add_ons.served_models(bucket)
        )

    def _role(
        self, construct_id: str, service_account: str, policy: str, *, name: str | None = None
    ) -> iam.Role:
        role = iam.Role(
            self,
            construct_id,
            role_name=name,
            description="HyperPod's inference operator runs as this",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(policy)],
        )
        acknowledge(role, f"IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]", because=OWN_LIST)
        resource = role.node.default_child
        assert isinstance(resource, iam.CfnRole)
        resource.assume_role_policy_document = self._trust(service_account)
        return role

    def _trust(self, service_account: str) -> str:
        """The trust policy as JSON text: its condition keys contain the issuer, a reference."""
        issuer, provider = "@issuer@", "@provider@"
        by_pods = {
            "Effect": "Allow",
            "Principal": {"Federated": provider},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{issuer}:aud": AUDIENCE},
                "StringLike": {f"{issuer}:sub": service_account},
            },
        }
        by_sagemaker = {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
        }
        text = json.dumps({"Version": "2012-10-17", "Statement": [by_pods, by_sagemaker]})
        return text.replace(issuer, self._issuer).replace(provider, self._provider.attr_arn)
