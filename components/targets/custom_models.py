"""Bedrock custom models and the deployments that serve them: the role that imports, and who may do what."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

from components.permissions import Grantee, allow, allow_key

BEDROCK = "bedrock.amazonaws.com"
BY_SERVICE = "Bedrock gives models and deployments their ids"

# What Bedrock does with a model's key in its caller's name. Amazon Nova user guide, "Encryption of Amazon
# Nova model customization jobs and artifacts": PermissionsModelCustomization, PermissionsModelInvocation.
MAKING = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
ASKING = ("kms:Decrypt", "kms:GenerateDataKey")


class CustomModels(Construct):
    """Custom models made from checkpoints. `role` is what Bedrock assumes to read a checkpoint."""

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._key = key
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
        self._deployments = stack.format_arn(
            service="bedrock", resource="custom-model-deployment", resource_name="*"
        )
        # Nova's weights lie in an escrow bucket that SageMaker makes in Amazon's account: a condition on
        # aws:ResourceAccount would refuse exactly this bucket.
        escrow = stack.format_arn(
            service="s3", region="", account="", resource=f"customer-escrow-{stack.account}-*"
        )
        in_our_name = "SageMaker names the escrow bucket; the account number in its name is ours"
        allow(self.role, "s3:ListBucket", "s3:GetBucketLocation", on=[escrow], because=in_our_name)
        allow(self.role, "s3:GetObject", on=[f"{escrow}/*"], because=in_our_name)
        self._use_key(self.role, *MAKING)

    def grant_create(self, grantee: Grantee) -> None:
        """Make a custom model of a checkpoint, or find the one already made."""
        allow(
            grantee,
            "bedrock:CreateCustomModel",
            on=["*"],
            because="Bedrock has no resource to name for CreateCustomModel",
        )
        self._on_models(grantee, "GetCustomModel", "ListTagsForResource", "TagResource")
        self._use_key(grantee, *MAKING)
        allow(
            grantee,
            "iam:PassRole",
            on=[self.role.role_arn],
            when={"StringEquals": {"iam:PassedToService": BEDROCK}},
        )

    def grant_deploy(self, grantee: Grantee) -> None:
        """Make a deployment of a custom model, or find the one already made."""
        self._on_models(grantee, "CreateCustomModelDeployment")
        self._on_deployments(grantee, "GetCustomModelDeployment", "ListTagsForResource", "TagResource")
        self._use_key(grantee, *MAKING)

    def grant_read(self, grantee: Grantee) -> None:
        """See which model a deployment serves."""
        self._on_models(grantee, "GetCustomModel")
        self._on_deployments(grantee, "GetCustomModelDeployment")

    def grant_switch(self, grantee: Grantee) -> None:
        """Put another model behind a deployment."""
        self.grant_read(grantee)
        self._on_models(grantee, "UpdateCustomModelDeployment")
        self._on_deployments(grantee, "UpdateCustomModelDeployment")
        self._use_key(grantee, *MAKING)

    def grant_delete_deployments(self, grantee: Grantee) -> None:
        """Delete deployments that a run made."""
        self._on_deployments(
            grantee, "DeleteCustomModelDeployment", "GetCustomModelDeployment", "ListTagsForResource"
        )

    def grant_delete_models(self, grantee: Grantee) -> None:
        """Delete custom models that a run made."""
        self._on_models(grantee, "DeleteCustomModel", "GetCustomModel", "ListTagsForResource")

    def grant_converse(self, grantee: Grantee) -> None:
        """Ask a deployed model and wait for its whole answer."""
        self._on_deployments(grantee, "InvokeModel")
        self._use_key(grantee, *ASKING)

    def grant_chat(self, grantee: Grantee) -> None:
        """Find a deployed model, and talk to it as it answers."""
        self.grant_converse(grantee)
        self._on_deployments(grantee, "GetCustomModelDeployment", "InvokeModelWithResponseStream")
        allow(
            grantee,
            "bedrock:ListCustomModelDeployments",
            on=["*"],
            because="Bedrock has no resource to name for lists",
        )

    def _on_models(self, grantee: Grantee, *actions: str) -> None:
        allow(grantee, *(f"bedrock:{action}" for action in actions), on=[self._models], because=BY_SERVICE)

    def _on_deployments(self, grantee: Grantee, *actions: str) -> None:
        allow(
            grantee, *(f"bedrock:{action}" for action in actions), on=[self._deployments], because=BY_SERVICE
        )

    def _use_key(self, grantee: Grantee, *actions: str) -> None:
        """Models lie under our key, and Bedrock uses it for whoever makes, swaps or asks one."""
        allow_key(grantee, self._key, *actions, through="bedrock")
