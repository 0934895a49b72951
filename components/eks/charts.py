"""HyperPod's Helm chart, pinned, mirrored and installed by CodeBuild (ADR 0070)."""

from __future__ import annotations

import json
from pathlib import Path

from aws_cdk import (
    CustomResource,
    RemovalPolicy,
    Stack,
    aws_codebuild as codebuild,
    aws_ecr as ecr,
    aws_iam as iam,
    aws_kms as kms,
    aws_logs as logs,
    aws_s3_assets as assets,
)
from constructs import Construct

from components.eks.control_plane import ControlPlane
from components.hyperpod.custom_resources import CustomResources
from components.permissions import allow, allow_key

FOLDER = Path(__file__).resolve().parents[2] / "lifecycle" / "charts"
CHART = "hyperpod-helm-chart"
COMMIT = "9f496a6364759553f73ff534434a057ef4bdc004"
"""Of aws/sagemaker-hyperpod-cli: what awsome-distributed-ai's Terraform installs."""
RESTRICTED_COMMIT = "c5275ddbbca58164d1f5bd3a2811e0fc952f7ff4"
"""The commit for restricted groups, with the script that prepares their nodes."""
IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
READY_MADE = "A chart's layers are named by their content, and ECR's login token by nothing"


class Charts(Construct):
    """A build project that installs charts with `role`, and the repository of their copies."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        control_plane: ControlPlane,
        builds: CustomResources,
        key: kms.IKey,
        log_retention: logs.RetentionDays,
        is_restricted: bool,
        image_registry: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._image_registry = image_registry
        self._control_plane, self._builds = control_plane, builds
        self._is_restricted = is_restricted
        self._repository = ecr.Repository(
            self,
            "Repository",
            # `helm push` appends the chart's name to the address, so the repository's name must end with it.
            repository_name=f"{Stack.of(self).stack_name.lower()}/{CHART}",
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            encryption=ecr.RepositoryEncryption.KMS,
            encryption_key=key,
            # The charts are public; this is a copy.
            removal_policy=RemovalPolicy.DESTROY,
            empty_on_delete=True,
        )
        self._scripts = assets.Asset(self, "Scripts", path=str(FOLDER))
        self._log_group = logs.LogGroup(
            self, "Log", encryption_key=key, retention=log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(
            self,
            "Role",
            description="Builds install charts into Atelier's cluster as this",
            assumed_by=iam.ServicePrincipal("codebuild.amazonaws.com"),
        )
        self._allow_build(key)
        # L1: CDK's project would grant its role unused report groups and an unused log group.
        self._project = codebuild.CfnProject(
            self,
            "Project",
            description="Atelier: charts of a HyperPod cluster",
            artifacts=codebuild.CfnProject.ArtifactsProperty(type="NO_ARTIFACTS"),
            environment=codebuild.CfnProject.EnvironmentProperty(
                type="LINUX_CONTAINER",
                compute_type="BUILD_GENERAL1_SMALL",
                image=IMAGE,
            ),
            service_role=self.role.role_arn,
            source=codebuild.CfnProject.SourceProperty(
                type="S3",
                location=f"{self._scripts.s3_bucket_name}/{self._scripts.s3_object_key}",
                build_spec=json.dumps(
                    {"version": 0.2, "phases": {"build": {"commands": ["bash ./install.sh"]}}}
                ),
            ),
            encryption_key=key.key_arn,
            timeout_in_minutes=30,
            logs_config=codebuild.CfnProject.LogsConfigProperty(
                cloud_watch_logs=codebuild.CfnProject.CloudWatchLogsConfigProperty(
                    status="ENABLED", group_name=self._log_group.log_group_name
                )
            ),
        )
        self._project.node.add_dependency(self.role)
        allow(
            builds.function, "codebuild:StartBuild", "codebuild:BatchGetBuilds", on=[self._project.attr_arn]
        )

    def dependencies(self) -> CustomResource:
        """Install HyperPod's chart, without which CreateCluster fails."""
        return self._builds.resource(
            self,
            "Dependencies",
            Project=self._project.ref,
            Variables={
                "CLUSTER": self._control_plane.name,
                "CLUSTER_ARN": self._control_plane.cluster.attr_arn,
                "COMMIT": RESTRICTED_COMMIT if self._is_restricted else COMMIT,
                "REPOSITORY": self._repository.repository_uri,
                "IS_RESTRICTED": str(self._is_restricted).lower(),
                "IMAGE_REGISTRY": self._image_registry,
            },
            # The function does not read it: a changed script starts a build.
            Scripts=self._scripts.asset_hash,
        )

    def _allow_build(self, key: kms.IKey) -> None:
        stack = Stack.of(self)
        allow(
            self.role,
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            on=[self._log_group.log_group_arn],
        )
        allow(self.role, "eks:DescribeCluster", on=[self._control_plane.cluster.attr_arn])
        scripts = stack.format_arn(
            service="s3",
            region="",
            account="",
            resource=self._scripts.s3_bucket_name,
            resource_name=self._scripts.s3_object_key,
        )
        allow(self.role, "s3:GetObject", "s3:GetObjectVersion", on=[scripts])
        allow(
            self.role,
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
            on=[self._repository.repository_arn],
        )
        allow(self.role, "ecr:GetAuthorizationToken", on=["*"], because=READY_MADE)
        allow_key(self.role, key, "kms:Decrypt", "kms:GenerateDataKey", through="ecr")
