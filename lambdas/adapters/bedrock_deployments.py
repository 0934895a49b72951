"""Port Deployments on Bedrock on-demand custom model deployments, and kind `custom-model-deployment`.

Bedrock sends no event for deployments and cannot stop one in the making: the schedule looks, ReleaseRun
deletes. A duplicate name has no error of its own in the service model (bedrock/2023-04-20), so the name is
looked up before and after a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.errors import DeploymentFailed, RequestRefused, ResourceInUse
from atelier.operations.model import Operation, Phase, Status
from atelier.targets.ports import Room, ServingModel
from lambdas.adapters.bedrock_tags import is_made_by
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient


def get_deployment(bedrock: BedrockClient, name: str) -> Mapping[str, Any] | None:
    """GetCustomModelDeployment's answer by name; None when there is no such deployment."""
    with domain_errors("bedrock:GetCustomModelDeployment", name):
        try:
            return bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=name)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None


def create_deployment(bedrock: BedrockClient, request: Mapping[str, Any], *, run_id: str) -> None:
    """Create the deployment, or find the run's own of the same model. RequestRefused when it is another's."""
    if _found(bedrock, request, run_id):
        return
    with domain_errors("bedrock:CreateCustomModelDeployment", request["modelDeploymentName"]):
        try:
            bedrock.create_custom_model_deployment(**request)
        except ClientError as error:
            taken = error_code(error) in ("ConflictException", "ValidationException")
            if not (taken and _found(bedrock, request, run_id)):
                raise


def model_in_transit(deployment: Mapping[str, Any]) -> str | None:
    """ARN of the model that an update under way brings in."""
    update = deployment.get("updateDetails")
    return update["modelArn"] if update and update["updateStatus"] == "Updating" else None


def require_idle(deployment: Mapping[str, Any], name: str, model_arn: str) -> None:
    """ResourceInUse while an update under way brings in another model than this one."""
    in_transit = model_in_transit(deployment)
    if in_transit not in (None, model_arn):
        raise ResourceInUse(f"deployment {name} is taking model {in_transit}; one swap at a time")


def _found(bedrock: BedrockClient, request: Mapping[str, Any], run_id: str) -> bool:
    name = request["modelDeploymentName"]
    deployment = get_deployment(bedrock, name)
    if deployment is None:
        return False
    same_model = deployment["modelArn"] == request["modelArn"]
    if not same_model or not is_made_by(bedrock, deployment["customModelDeploymentArn"], run_id):
        raise RequestRefused(
            f"bedrock:CreateCustomModelDeployment on {name}: the name is taken by a deployment that run "
            f"{run_id} did not make (model {deployment['modelArn']}, status {deployment['status']})"
        )
    return True


class BedrockDeployments:
    """Ports Deployments and, for a run's temporary deployment, LongRunning."""

    ends_by_itself = False

    def __init__(self, *, bedrock: BedrockClient, runtime: BedrockRuntimeClient) -> None:
        self._bedrock = bedrock
        self._runtime = runtime

    def submit(self, operation: Operation) -> None:
        """Create the deployment, or find the one that the run already made."""
        create_deployment(self._bedrock, operation.request, run_id=operation.run_id)

    def describe(self, operation: Operation) -> Status:
        """The deployment's status; its result is {deployment_arn}."""
        deployment = get_deployment(self._bedrock, operation.request["modelDeploymentName"])
        if deployment is None:
            return Status(Phase.ABSENT)
        status = deployment["status"]
        if status == "Active":
            arn = deployment["customModelDeploymentArn"]
            return Status(Phase.SUCCEEDED, result={"deployment_arn": arn}, detail=status)
        if status == "Failed":
            reason = deployment.get("failureMessage", "Bedrock gives no reason")
            cause = f"deployment {deployment['modelDeploymentName']} did not become active: {reason}"
            return Status(Phase.FAILED, error=DeploymentFailed.__name__, cause=cause, detail=status)
        return Status(Phase.RUNNING, detail=status)

    def stop(self, operation: Operation) -> None:
        """Nothing: Bedrock cannot stop a creation."""

    def room(self) -> Room | None:
        """None: Bedrock's quota of custom models is far above what runs make."""
        return None

    def delete_retired_models(self, deployment_name: str, *, run_id: str) -> list[str]:  # noqa: ARG002
        """Nothing: a custom model that does not serve costs its storage, and may be what a rollback needs."""
        return []

    def serving_model(self, deployment_name: str) -> ServingModel | None:
        """The model behind the deployment; None when there is none or it failed to come up."""
        deployment = get_deployment(self._bedrock, deployment_name)
        if deployment is None or deployment["status"] == "Failed":
            return None
        model_arn = deployment["modelArn"]
        with domain_errors("bedrock:GetCustomModel", model_arn):
            model = self._bedrock.get_custom_model(modelIdentifier=model_arn)
        return ServingModel(model_arn, model["modelName"], model_in_transit(deployment))

    def update(self, deployment_name: str, model_arn: str) -> None:
        """Swap the model in, unless it is there. ResourceInUse while another swap is under way."""
        deployment = get_deployment(self._bedrock, deployment_name) or {}
        in_transit = model_in_transit(deployment)
        if model_arn in (in_transit, deployment.get("modelArn") if in_transit is None else None):
            return
        require_idle(deployment, deployment_name, model_arn)
        with domain_errors("bedrock:UpdateCustomModelDeployment", deployment_name):
            self._bedrock.update_custom_model_deployment(
                customModelDeploymentIdentifier=deployment_name, modelArn=model_arn
            )

    def delete_deployment(self, deployment_name: str, *, run_id: str) -> None:
        """Delete the deployment if the run made it."""
        deployment = get_deployment(self._bedrock, deployment_name)
        if deployment is None or not is_made_by(
            self._bedrock, deployment["customModelDeploymentArn"], run_id
        ):
            return
        with domain_errors("bedrock:DeleteCustomModelDeployment", deployment_name):
            try:
                self._bedrock.delete_custom_model_deployment(
                    customModelDeploymentIdentifier=deployment["customModelDeploymentArn"]
                )
            except ClientError as error:
                _gone_or_in_use(error, f"deployment {deployment_name}")

    def delete_model(self, model_name: str, *, run_id: str) -> None:
        """Delete the model if the run made it."""
        with domain_errors("bedrock:GetCustomModel", model_name):
            try:
                model_arn = self._bedrock.get_custom_model(modelIdentifier=model_name)["modelArn"]
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return
        if not is_made_by(self._bedrock, model_arn, run_id):
            return
        with domain_errors("bedrock:DeleteCustomModel", model_name):
            try:
                self._bedrock.delete_custom_model(modelIdentifier=model_arn)
            except ClientError as error:
                _gone_or_in_use(error, f"model {model_name}")

    def converse(self, deployment_arn: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One Converse call on the deployment."""
        with domain_errors("bedrock:InvokeModel", deployment_arn):
            return self._runtime.converse(modelId=deployment_arn, **request)


def _gone_or_in_use(error: ClientError, what: str) -> None:
    """A delete's refusal: gone is success, busy is ResourceInUse, anything else is raised as it is."""
    if error_code(error) == "ConflictException":
        raise ResourceInUse(f"{what} cannot be deleted yet: {error}") from error
    if error_code(error) != "ResourceNotFoundException":
        raise error
