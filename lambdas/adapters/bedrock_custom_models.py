"""Kind `custom-model` on Bedrock: CreateCustomModel from a checkpoint that SageMaker left in escrow.

Bedrock sends no event for it and has no way to stop it: the schedule looks, ReleaseRun deletes. Shapes and
states: botocore, service model bedrock/2023-04-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.errors import ModelCreationFailed, RequestRefused
from atelier.operations.model import Operation, Phase, Status
from lambdas.adapters.bedrock_tags import is_made_by
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient


class BedrockCustomModels:
    """Port LongRunning for the model that a run makes."""

    ends_by_itself = False

    def __init__(self, *, bedrock: BedrockClient) -> None:
        self._bedrock = bedrock

    def submit(self, operation: Operation) -> None:
        """Create the model, or find the run's own. RequestRefused when the name is another's."""
        if self._found(operation):
            return
        with domain_errors("bedrock:CreateCustomModel", operation.request["modelName"]):
            try:
                self._bedrock.create_custom_model(**operation.request)
            except ClientError as error:
                taken = error_code(error) in ("ConflictException", "ValidationException")
                if not (taken and self._found(operation)):
                    raise

    def describe(self, operation: Operation) -> Status:
        """The model's status; its result is {model_arn}."""
        model = self._get(operation)
        if model is None:
            return Status(Phase.ABSENT)
        # The status is optional in the answer; models that have none were made before Bedrock reported one.
        status = model.get("modelStatus", "Active")
        if status == "Active":
            return Status(Phase.SUCCEEDED, result={"model_arn": model["modelArn"]}, detail=status)
        if status == "Failed":
            reason = model.get("failureMessage", "Bedrock gives no reason")
            cause = f"custom model {model['modelName']} could not be created: {reason}"
            return Status(Phase.FAILED, error=ModelCreationFailed.__name__, cause=cause, detail=status)
        return Status(Phase.RUNNING, detail=status)

    def stop(self, operation: Operation) -> None:
        """Nothing: Bedrock cannot stop a creation."""

    def _found(self, operation: Operation) -> bool:
        model = self._get(operation)
        if model is None:
            return False
        if not is_made_by(self._bedrock, model["modelArn"], operation.run_id):
            raise RequestRefused(
                f"bedrock:CreateCustomModel on {model['modelName']}: the name is taken by a model that run "
                f"{operation.run_id} did not make"
            )
        return True

    def _get(self, operation: Operation) -> Mapping[str, Any] | None:
        name = operation.request["modelName"]
        with domain_errors("bedrock:GetCustomModel", name):
            try:
                return self._bedrock.get_custom_model(modelIdentifier=name)
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return None
