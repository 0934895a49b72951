"""Bedrock custom models and the deployments that serve them: the role that imports, and who may do what."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from components.permissions import allow

BEDROCK = "bedrock.amazonaws.com"
BY_SERVICE = "Bedrock gives models and deployments their ids"


class CustomModels(Construct):
    """Custom models made from checkpoints. `role` is what Bedrock assumes to read a checkpoint."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        self.role = iam.Role(
            self,
            "ModelRole",
            description="Bedrock assumes this to read the checkpoint of a custom model",
            assumed_by=iam.ServicePrincipal(
                BEDROCK, conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        self._models = stack.format_arn(service="bedrock", resource="custom-model", resource_name="*")
        self._deployments = stack.format_arn(service="bedrock", resource="custom-model-deployment", resource_name="*")
        # Nova's weights lie in an escrow bucket that SageMaker makes in Amazon's account: no aws:ResourceAccount condition,
        # it would refuse exactly this bucket.
        escrow = stack.format_arn(service="s3", region="", account="", resource=f"customer-escrow-{stack.account}-*")
        allow(
            self.role,
            "s3:GetObject",
            "s3:ListBucket",
            "s3:GetBucketLocation",
            on=[escrow, f"{escrow}/*"],
            because="SageMaker names the escrow bucket; the account number in its name is ours",
        )

    def grant_create(self, grantee: iam.IGrantable) -> None:
        """Make a custom model of a checkpoint."""
        allow(
            grantee,
            "bedrock:CreateCustomModel",
            on=["*"],
            because="Bedrock has no resource to name for CreateCustomModel",
        )
        allow(grantee, "bedrock:GetCustomModel", "bedrock:TagResource", on=[self._models], because=BY_SERVICE)
        allow(
            grantee, "iam:PassRole", on=[self.role.role_arn], when={"StringEquals": {"iam:PassedToService": BEDROCK}}
        )

    def grant_deploy(self, grantee: iam.IGrantable) -> None:
        """Make a deployment of a custom model."""
        allow(grantee, "bedrock:CreateCustomModelDeployment", on=[self._models], because=BY_SERVICE)
        allow(
            grantee,
            "bedrock:GetCustomModelDeployment",
            "bedrock:TagResource",
            on=[self._deployments],
            because=BY_SERVICE,
        )

    def grant_switch(self, grantee: iam.IGrantable) -> None:
        """Put another model behind a deployment."""
        allow(
            grantee,
            "bedrock:UpdateCustomModelDeployment",
            on=[self._deployments, self._models],
            because=BY_SERVICE,
        )
        allow(grantee, "bedrock:GetCustomModelDeployment", on=[self._deployments], because=BY_SERVICE)

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """See which model a deployment serves."""
        allow(grantee, "bedrock:GetCustomModelDeployment", on=[self._deployments], because=BY_SERVICE)
        allow(grantee, "bedrock:GetCustomModel", on=[self._models], because=BY_SERVICE)

    def grant_delete_deployments(self, grantee: iam.IGrantable) -> None:
        """Delete deployments."""
        allow(
            grantee,
            "bedrock:DeleteCustomModelDeployment",
            "bedrock:GetCustomModelDeployment",
            on=[self._deployments],
            because=BY_SERVICE,
        )

    def grant_delete_models(self, grantee: iam.IGrantable) -> None:
        """Delete custom models."""
        allow(
            grantee, "bedrock:DeleteCustomModel", "bedrock:GetCustomModel", on=[self._models], because=BY_SERVICE
        )

    def grant_converse(self, grantee: iam.IGrantable) -> None:
        """Talk to a deployed model."""
        allow(grantee, "bedrock:InvokeModel", on=[self._deployments], because=BY_SERVICE)
