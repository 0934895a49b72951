"""Import jobs of Bedrock: one at a time in an account, and no event at their end.

Shapes and states: botocore, service model bedrock/2023-04-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.errors import ModelCreationFailed, RequestRefused, ResourceInUse, ServiceUnavailable
from atelier.operations.model import Operation, Phase, Status
from lambdas.adapters.bedrock_tags import is_made_by
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient


class BedrockImports:
    """Port LongRunning for the import of a run's model."""

    ends_by_itself = False

    def __init__(self, *, bedrock: BedrockClient) -> None:
        self._bedrock = bedrock

    def submit(self, operation: Operation) -> None:
        """Start the job, or find the run's own. ResourceInUse while another import runs in the account."""
        request = operation.request
        if self._found(operation):
            return
        with domain_errors("bedrock:CreateModelImportJob", request["jobName"]):
            try:
                self._bedrock.create_model_import_job(**request)
            except ClientError as error:
                message = str(error)
                if error_code(error) == "ServiceQuotaExceededException" and "import job" in message.lower():
                    raise ResourceInUse(f"another import runs in this account: {message}") from error
                if "role ARN is invalid" in message:
                    raise ServiceUnavailable(
                        f"IAM does not know the import role everywhere yet: {message}"
                    ) from error
                if not (
                    error_code(error) in ("ConflictException", "ValidationException")
                    and self._found(operation)
                ):
                    raise

    def describe(self, operation: Operation) -> Status:
        """The job's state; its result is {model_arn}."""
        job = import_job(self._bedrock, operation.request["jobName"])
        if job is None:
            return Status(Phase.ABSENT)
        status = job["status"]
        if status == "Completed":
            return Status(Phase.SUCCEEDED, result={"model_arn": job["importedModelArn"]}, detail=status)
        if status == "Failed":
            reason = job.get("failureMessage", "Bedrock gives no reason")
            cause = f"model {job['importedModelName']} could not be imported: {reason}"
            return Status(Phase.FAILED, error=ModelCreationFailed.__name__, cause=cause, detail=status)
        return Status(Phase.RUNNING, detail=status)

    def stop(self, operation: Operation) -> None:
        """Nothing: Bedrock cannot stop an import."""

    def _found(self, operation: Operation) -> bool:
        job = import_job(self._bedrock, operation.request["jobName"])
        if job is None:
            return False
        if not is_made_by(self._bedrock, job["jobArn"], operation.run_id):
            raise RequestRefused(
                f"bedrock:CreateModelImportJob on {job['jobName']}: the name is taken by a job that run "
                f"{operation.run_id} did not start"
            )
        return True


def import_job(bedrock: BedrockClient, name: str) -> Mapping[str, Any] | None:
    """GetModelImportJob's answer; None when there is no such job."""
    with domain_errors("bedrock:GetModelImportJob", name):
        try:
            return bedrock.get_model_import_job(jobIdentifier=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None
