"""SageMaker training jobs: their roles, and permissions to start, read and stop them."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack, aws_ec2 as ec2, aws_iam as iam
from constructs import Construct

from atelier import names
from components.artifact_bucket import ArtifactBucket
from components.permissions import Grantee, allow

SAGEMAKER = "sagemaker.amazonaws.com"
BEDROCK = "bedrock.amazonaws.com"
TEACHERS = ("amazon.nova-pro-v1:0", "amazon.nova-premier-v1:0")
# sagemaker-train 1.27.0 constants.py, _ALLOWED_REWARD_MODEL_IDS; the catalogue lets a run name no others.
JUDGES = (
    "openai.gpt-oss-120b-1:0",
    "openai.gpt-oss-20b-1:0",
    "qwen.qwen3-32b-v1:0",
    "qwen.qwen3-coder-30b-a3b-v1:0",
    "qwen.qwen3-coder-480b-a35b-v1:0",
    "qwen.qwen3-235b-a22b-2507-v1:0",
)
LOG_GROUP = "/aws/sagemaker/TrainingJobs"
ANY_RUN = "A job is named by its run and step, which are not known before the run"


class TrainingJobs(Construct):
    """Training and evaluation jobs. SageMaker assumes `role` for them.

    A distillation invokes its teacher through Bedrock's batch inference with the job's role. Only
    `distillation_role` may do so, and only distillations use it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: ArtifactBucket,
        security_group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self.role = self._role(
            "TrainingRole", "SageMaker assumes this for Atelier's training and evaluation jobs", SAGEMAKER
        )
        self.distillation_role = self._role(
            "DistillationRole",
            "SageMaker and Bedrock assume this for Atelier's distillations",
            SAGEMAKER,
            BEDROCK,
        )
        self._jobs = stack.format_arn(service="sagemaker", resource="training-job", resource_name="*")
        log_group = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=LOG_GROUP,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        # Both forms: some actions of CloudWatch Logs apply to the group, others to its streams.
        self._logs = [log_group, f"{log_group}:*"]
        for role in (self.role, self.distillation_role):
            self._allow_log(role)
            self._allow_pull_images(role)
            self._allow_join(role, security_group)
        bucket.grant_train(self.role)
        bucket.grant_distil(self.distillation_role)
        self._allow_rewards(self.role)
        self._allow_teachers(self.distillation_role)

    def grant_submit(self, grantee: Grantee) -> None:
        """Start a job or find the existing one, and stop it if its run ended."""
        allow(
            grantee,
            "sagemaker:CreateTrainingJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:StopTrainingJob",
            "sagemaker:AddTags",
            on=[self._jobs],
            because=ANY_RUN,
        )
        allow(
            grantee,
            "iam:PassRole",
            on=[self.role.role_arn, self.distillation_role.role_arn],
            when={"StringEquals": {"iam:PassedToService": SAGEMAKER}},
        )

    def grant_stop(self, grantee: Grantee) -> None:
        """Read a job's status and stop it."""
        allow(
            grantee,
            "sagemaker:DescribeTrainingJob",
            "sagemaker:StopTrainingJob",
            on=[self._jobs],
            because=ANY_RUN,
        )

    def grant_read_logs(self, grantee: Grantee) -> None:
        """Read the jobs' logs, which contain the loss curves."""
        allow(
            grantee,
            "logs:FilterLogEvents",
            on=self._logs,
            because="One log stream a job, named by SageMaker",
        )

    def grant_follow(self, grantee: Grantee) -> None:
        """Read the status and logs of jobs."""
        allow(grantee, "sagemaker:DescribeTrainingJob", on=[self._jobs], because=ANY_RUN)
        self.grant_read_logs(grantee)

    def _role(self, construct_id: str, description: str, *services: str) -> iam.Role:
        ours = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        principals = [iam.ServicePrincipal(service, conditions=ours) for service in services]
        return iam.Role(
            self, construct_id, description=description, assumed_by=iam.CompositePrincipal(*principals)
        )

    def _allow_rewards(self, role: iam.Role) -> None:
        """Allow reward functions and judge models, which score answers in reinforcement learning.

        Functions must have the prefix that AWS's own policy for SageMaker requires. The judges have no
        cross-region profiles. Docs: Amazon Nova user guide, "Reinforcement fine-tuning".
        """
        stack = Stack.of(self)
        functions = stack.format_arn(
            service="lambda",
            resource="function",
            resource_name=f"{names.REWARD_FUNCTION_PREFIX}*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(
            role,
            "lambda:InvokeFunction",
            on=[functions],
            because="A run names its reward function; its name says that it is one for SageMaker",
        )
        judges = [
            stack.format_arn(service="bedrock", account="", resource="foundation-model", resource_name=name)
            for name in JUDGES
        ]
        allow(role, "bedrock:InvokeModel", on=judges)

    def _allow_teachers(self, role: iam.Role) -> None:
        """Allow batch inference with a teacher, by the cross-region profiles that AWS's recipes use.

        Docs: Amazon Nova user guide, "Amazon Nova distillation"; Bedrock user guide, "Permissions for batch
        inference".
        """
        stack = Stack.of(self)
        models = [
            stack.format_arn(
                service="bedrock", region="*", account="", resource="foundation-model", resource_name=name
            )
            for name in TEACHERS
        ]
        profiles = [
            stack.format_arn(service="bedrock", resource="inference-profile", resource_name=f"*.{name}")
            for name in TEACHERS
        ]
        jobs = stack.format_arn(service="bedrock", resource="model-invocation-job", resource_name="*")
        allow(
            role,
            "bedrock:InvokeModel",
            "bedrock:CreateModelInvocationJob",
            on=[*models, *profiles],
            because="A profile spreads its model over the regions of a continent",
        )
        allow(
            role,
            "bedrock:CreateModelInvocationJob",
            "bedrock:GetModelInvocationJob",
            "bedrock:StopModelInvocationJob",
            on=[jobs],
            because="The container names its own jobs",
        )
        allow(
            role,
            "iam:PassRole",
            on=[role.role_arn],
            when={"StringEquals": {"iam:PassedToService": BEDROCK}},
        )

    def _allow_log(self, role: iam.Role) -> None:
        allow(
            role,
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            on=self._logs,
            because="One log stream a job, named by SageMaker",
        )
        allow(
            role,
            "cloudwatch:PutMetricData",
            on=["*"],
            when={
                "StringEquals": {
                    "cloudwatch:namespace": ["/aws/sagemaker/TrainingJobs", "aws/sagemaker/TrainingJobs"]
                }
            },
            because="PutMetricData has no resources to name; the condition names the namespace",
        )

    def _allow_pull_images(self, role: iam.Role) -> None:
        stack = Stack.of(self)
        # Recipe images are Amazon's: repositories of another account, whose number differs between regions.
        images = stack.format_arn(service="ecr", account="*", resource="repository", resource_name="*")
        allow(
            role,
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=[images],
            because="The images are in Amazon's accounts; each repository's own policy decides who pulls",
        )
        allow(
            role,
            "ecr:GetAuthorizationToken",
            on=["*"],
            because="ECR has no resources to name for its login token",
        )

    def _allow_join(self, role: iam.Role, security_group: ec2.ISecurityGroup) -> None:
        """Allow SageMaker to create a job's network interfaces in the subnets.

        Docs: "Give SageMaker AI Training Jobs Access to Resources in Your Amazon VPC".
        """
        allow(
            role,
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            on=["*"],
            because="EC2's Describe actions have no resources to name",
        )
        stack = Stack.of(self)
        interfaces = stack.format_arn(service="ec2", resource="network-interface", resource_name="*")
        subnets = stack.format_arn(service="ec2", resource="subnet", resource_name="*")
        group = stack.format_arn(
            service="ec2", resource="security-group", resource_name=security_group.security_group_id
        )
        allow(
            role,
            "ec2:CreateNetworkInterface",
            on=[interfaces, subnets, group],
            because="Interfaces get their ids from EC2; the security group is named, and it is in one VPC",
        )
        allow(
            role,
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            on=[interfaces],
            because="Interfaces get their ids from EC2",
        )
