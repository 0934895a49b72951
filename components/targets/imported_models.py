"""Models that Bedrock imports, and the pointers to what serves: import role and permissions."""

from __future__ import annotations

from aws_cdk import Stack, aws_iam as iam, aws_kms as kms
from constructs import Construct

from atelier import names
from components.artifact_bucket import ArtifactBucket
from components.operations_table import OperationsTable
from components.permissions import Grantee, allow, allow_key
from components.targets.custom_models import BEDROCK, BY_SERVICE, CREATE_WITH_KEY, INVOKE_WITH_KEY


class ImportedModels(Construct):
    """Imports of open weights. Bedrock assumes `role` to read the model files."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: ArtifactBucket,
        key: kms.IKey,
        operations: OperationsTable,
        environment_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._bucket = bucket
        self._key = key
        self._operations = operations
        stack = Stack.of(self)
        self._jobs = stack.format_arn(service="bedrock", resource="model-import-job", resource_name="*")
        self._models = stack.format_arn(service="bedrock", resource="imported-model", resource_name="*")
        self._parameters = stack.format_arn(
            service="ssm",
            resource="parameter",
            resource_name=names.pointer_parameter(environment_name, "*")[1:],
        )
        self.role = iam.Role(
            self,
            "ImportRole",
            description="Bedrock assumes this to read the files of a model that it imports",
            # Bedrock user guide, "Create a service role for model import".
            assumed_by=iam.ServicePrincipal(
                BEDROCK,
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnEquals": {"aws:SourceArn": self._jobs},
                },
            ),
        )
        bucket.grant_read_training_output(self.role)

    def grant_create(self, grantee: Grantee) -> None:
        """Check the model files and import them, or find the import that was started."""
        self._bucket.grant_read_training_output(grantee)
        allow(
            grantee,
            "bedrock:CreateModelImportJob",
            on=["*"],
            because="Bedrock has no resource to name for CreateModelImportJob",
        )
        self._on(self._jobs, grantee, "GetModelImportJob", "ListTagsForResource", "TagResource")
        self._on(self._models, grantee, "TagResource")
        allow_key(grantee, self._key, *CREATE_WITH_KEY, through="bedrock")
        allow(
            grantee,
            "iam:PassRole",
            on=[self.role.role_arn],
            when={"StringEquals": {"iam:PassedToService": BEDROCK}},
        )

    def grant_deploy(self, grantee: Grantee) -> None:
        """Nothing: an imported model serves without a deployment."""

    def grant_await(self, grantee: Grantee) -> None:
        """Ask a model its first question, which loads it."""
        self._invoke(grantee)

    def grant_read(self, grantee: Grantee) -> None:
        """Read which model a pointer names, and how many models the account has."""
        self._operations.grant_read_pointers(grantee)
        allow(
            grantee,
            "bedrock:ListImportedModels",
            on=["*"],
            because="Bedrock has no resource to name for lists",
        )

    def grant_switch(self, grantee: Grantee) -> None:
        """Move a pointer to another model."""
        self._operations.grant_move_pointers(grantee)
        self._on_parameters(grantee, "PutParameter", "DeleteParameter")

    def grant_retire(self, grantee: Grantee) -> None:
        """Delete models that served before the previous one."""
        self.grant_switch(grantee)
        self.grant_delete_models(grantee)

    def grant_delete_deployments(self, grantee: Grantee) -> None:
        """Remove a pointer."""
        self.grant_switch(grantee)

    def grant_delete_models(self, grantee: Grantee) -> None:
        """Delete imported models that a run created."""
        self._on(self._models, grantee, "DeleteImportedModel", "GetImportedModel", "ListTagsForResource")
        self._on(self._jobs, grantee, "GetModelImportJob")

    def grant_converse(self, grantee: Grantee) -> None:
        """Send a message to an imported model."""
        self._invoke(grantee)
        self._on(self._models, grantee, "GetImportedModel")

    def grant_chat(self, grantee: Grantee) -> None:
        """Find what a pointer names, and stream its answers."""
        self.grant_converse(grantee)
        self._on(self._models, grantee, "InvokeModelWithResponseStream")
        self._on_parameters(grantee, "GetParameter", "GetParametersByPath")

    def _invoke(self, grantee: Grantee) -> None:
        self._on(self._models, grantee, "InvokeModel")
        allow_key(grantee, self._key, *INVOKE_WITH_KEY, through="bedrock")

    def _on(self, arn: str, grantee: Grantee, *actions: str) -> None:
        allow(grantee, *(f"bedrock:{action}" for action in actions), on=[arn], because=BY_SERVICE)

    def _on_parameters(self, grantee: Grantee, *actions: str) -> None:
        allow(
            grantee,
            *(f"ssm:{action}" for action in actions),
            on=[self._parameters],
            because="Deployments are named by run files, one parameter for each",
        )
