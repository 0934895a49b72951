"""The IAM role of nodes on EKS, and of Nova's containers on restricted ones."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack, aws_eks as eks
from constructs import Construct

from atelier import names
from components.artifact_bucket import ArtifactBucket
from components.hyperpod.node_role import NodeRole
from components.permissions import allow

NOVA_RECIPES_ACCOUNT = "334772094012"
RECIPES = "advanced-model-customization-recipes"


class ExecutionRole(NodeRole):
    """Every node's role, also used by Nova's containers on restricted nodes (Amazon Nova guide)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: ArtifactBucket,
        control_plane: eks.CfnCluster,
        is_restricted: bool,
    ) -> None:
        super().__init__(scope, construct_id, description="Nodes of Atelier's HyperPod cluster run as this")
        stack = Stack.of(self)
        bucket.grant_train(self)
        if is_restricted:
            bucket.grant_replace_outputs(self)
            self._allow_read_nova_recipes()
            self._allow_reward_functions()
        else:
            bucket.grant_read_lifecycle_scripts(self)
            allow(self, "eks-auth:AssumeRoleForPodIdentity", on=[control_plane.attr_arn])
            allow(
                self,
                "fsx:DescribeFileSystems",
                on=[stack.format_arn(service="fsx", resource="file-system", resource_name="*")],
                because="A node finds the file system to mount by its name in a volume claim",
            )

    def _allow_read_nova_recipes(self) -> None:
        """Allow restricted nodes to read AWS's part of a recipe (hyperpod-eks-tf, rig_mode)."""
        stack = Stack.of(self)
        access_point = stack.format_arn(
            service="s3",
            region="*",
            account=NOVA_RECIPES_ACCOUNT,
            resource="accesspoint",
            resource_name=f"{RECIPES}-*/*",
        )
        objects = stack.format_arn(
            service="s3",
            region="",
            account="",
            resource=f"{RECIPES}*",
            resource_name="*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        allow(
            self,
            "s3:GetObject",
            on=[access_point, objects],
            because="Amazon's own buckets, one a region, of which it publishes only how their names begin",
        )

    def _allow_reward_functions(self) -> None:
        """Allow reinforcement learning: a function of the user scores answers, exchanged through queues.

        Actions and names: awslabs/awsome-distributed-ai, hyperpod-eks-tf (rig_mode).
        """
        stack = Stack.of(self)
        named = f"*{names.REWARD_FUNCTION_PREFIX}*"
        function = stack.format_arn(
            service="lambda",
            resource="function",
            resource_name=named,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        queue = stack.format_arn(service="sqs", resource=named)
        reason = "A run names its reward function; by this word in its name it is one for SageMaker"
        allow(self, "lambda:InvokeFunction", on=[function], because=reason)
        allow(self, "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage", on=[queue], because=reason)
