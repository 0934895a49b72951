"""Bedrock custom models and their deployments: the import role and permissions."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

from components.permissions import Grantee, allow, allow_key

BEDROCK = "bedrock.amazonaws.com"
BY_SERVICE = "Bedrock gives models and deployments their ids"

# What Bedrock does with a model's key on its caller's behalf. Amazon Nova user guide, "Encryption of Amazon
# Nova model customization jobs and artifacts": PermissionsModelCustomization, PermissionsModelInvocation.
CREATE_WITH_KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
INVOKE_WITH_KEY = ("kms:Decrypt", "kms:GenerateDataKey")


class CustomModels(Construct):
    """Custom models from checkpoints. Bedrock assumes `role` to read a checkpoint."""

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
        # Nova's weights are in an escrow bucket, which SageMaker creates in an account of AWS: a condition on
        # aws:ResourceAccount would exclude it.
        escrow = stack.format_arn(
            service="s3", region="", account="", resource=f"customer-escrow-{stack.account}-*"
        )
        in_our_name = "SageMaker names the escrow bucket; the account number in its name is ours"
        allow(self.role, "s3:ListBucket", "s3:GetBucketLocation", on=[escrow], because=in_our_name)
        allow(self.role, "s3:GetObject", on=[f"{escrow}/*"], because=in_our_name)
        self._use_key(self.role, *CREATE_WITH_KEY)

    def grant_create(self, grantee: Grantee) -> None:
        """Create a custom model from a checkpoint, or find the existing one."""
        allow(
            grantee,
            "bedrock:CreateCustomModel",
            on=["*"],
            because="Bedrock has no resource to name for CreateCustomModel",
        )
        self._on_models(grantee, "GetCustomModel", "ListTagsForResource", "TagResource")
        self._use_key(grantee, *CREATE_WITH_KEY)
        allow(
            grantee,
            "iam:PassRole",
            on=[self.role.role_arn],
            when={"StringEquals": {"iam:PassedToService": BEDROCK}},
        )

    def grant_deploy(self, grantee: Grantee) -> None:
        """Create a deployment of a custom model, or find the existing one."""
        self._on_models(grantee, "CreateCustomModelDeployment")
        self._on_deployments(grantee, "GetCustomModelDeployment", "ListTagsForResource", "TagResource")
        self._use_key(grantee, *CREATE_WITH_KEY)

    def grant_await(self, grantee: Grantee) -> None:
        """Nothing: whoever deploys reads the deployment's status."""

    def grant_read(self, grantee: Grantee) -> None:
        """Read which model a deployment serves."""
        self._on_models(grantee, "GetCustomModel")
        self._on_deployments(grantee, "GetCustomModelDeployment")

    def grant_switch(self, grantee: Grantee) -> None:
        """Switch a deployment to another model."""
        self.grant_read(grantee)
        self._on_models(grantee, "UpdateCustomModelDeployment")
        self._on_deployments(grantee, "UpdateCustomModelDeployment")
        self._use_key(grantee, *CREATE_WITH_KEY)

    def grant_retire(self, grantee: Grantee) -> None:
        """Delete temporary deployments."""
        self.grant_delete_deployments(grantee)

    def grant_delete_deployments(self, grantee: Grantee) -> None:
        """Delete deployments that a run created."""
        self._on_deployments(
            grantee, "DeleteCustomModelDeployment", "GetCustomModelDeployment", "ListTagsForResource"
        )

    def grant_delete_models(self, grantee: Grantee) -> None:
        """Delete custom models that a run created."""
        self._on_models(grantee, "DeleteCustomModel", "GetCustomModel", "ListTagsForResource")

    def grant_converse(self, grantee: Grantee) -> None:
        """Send a message to a deployed model and wait for the whole answer."""
        self._on_deployments(grantee, "InvokeModel")
        self._use_key(grantee, *INVOKE_WITH_KEY)

    def grant_chat(self, grantee: Grantee) -> None:
        """Find a deployed model, and stream its answers."""
        self.grant_converse(grantee)
        self._on_models(grantee, "GetCustomModel")
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
        """Allow use of the models' key, which Bedrock uses on its caller's behalf."""
        allow_key(grantee, self._key, *actions, through="bedrock")
