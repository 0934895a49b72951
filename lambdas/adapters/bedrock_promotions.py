"""Kind `promotion`: the model goes behind the stable deployment, by update or, the first time, by create.

GetCustomModelDeployment answers with the model in place (`modelArn`) and the last swap (`updateDetails`),
each with its own ARN and state (botocore, service model bedrock/2023-04-20).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from atelier.errors import PromotionFailed
from atelier.operations.model import Operation, Phase, Status
from atelier.targets.promotion import superseded
from lambdas.adapters.bedrock_deployments import (
    create_deployment,
    get_deployment,
    model_in_transit,
    require_idle,
)

if TYPE_CHECKING:
    from mypy_boto3_bedrock import BedrockClient

    from atelier.targets.ports import Deployments


class BedrockPromotions:
    """Port LongRunning for promotions, as atelier/targets/bedrock_requests.py writes them."""

    ends_by_itself = False

    def __init__(self, *, bedrock: BedrockClient, deployments: Deployments) -> None:
        self._bedrock = bedrock
        self._deployments = deployments

    def submit(self, operation: Operation) -> None:
        """Update or create the stable deployment; a model already there, or on its way, is success.

        Superseded when another model serves than the gate compared with; ResourceInUse during another's swap.
        """
        promotion = operation.request
        name, model_arn = promotion["deployment_name"], promotion["model_arn"]
        deployment = get_deployment(self._bedrock, name)
        if deployment is not None:
            if model_arn in (model_in_transit(deployment), deployment["modelArn"]):
                return
            require_idle(deployment, name, model_arn)
        serving = deployment["modelArn"] if deployment and deployment["status"] != "Failed" else None
        if serving != promotion["previous_model_arn"]:
            raise superseded(name, serving=serving, compared_with=promotion["previous_model_arn"])
        if serving is None:
            create_deployment(self._bedrock, promotion["create"], run_id=operation.run_id)
        else:
            self._deployments.update(name, model_arn)

    def describe(self, operation: Operation) -> Status:
        """SUCCEEDED once the model serves; ABSENT while the deployment neither has it nor takes it."""
        promotion = operation.request
        deployment = get_deployment(self._bedrock, promotion["deployment_name"])
        return Status(Phase.ABSENT) if deployment is None else _status(deployment, promotion)

    def stop(self, operation: Operation) -> None:
        """Nothing: Bedrock cannot stop a swap; ReleaseRun brings the previous model back."""


def _status(deployment: Mapping[str, Any], promotion: Mapping[str, Any]) -> Status:
    model_arn = promotion["model_arn"]
    in_transit = model_in_transit(deployment)
    update = deployment.get("updateDetails", {})
    if in_transit == model_arn:
        return Status(Phase.RUNNING, detail="Updating")
    if deployment["modelArn"] == model_arn and in_transit is None:
        return _created(deployment, promotion)
    if update.get("modelArn") == model_arn and update["updateStatus"] == "UpdateFailed":
        return _failed(deployment, update["updateStatus"])
    return Status(Phase.ABSENT)


def _created(deployment: Mapping[str, Any], promotion: Mapping[str, Any]) -> Status:
    status = deployment["status"]
    if status == "Failed":
        return _failed(deployment, status)
    if status != "Active":
        return Status(Phase.RUNNING, detail=status)
    result = {
        "deployment_arn": deployment["customModelDeploymentArn"],
        "previous_model_arn": promotion["previous_model_arn"],
    }
    return Status(Phase.SUCCEEDED, result=result, detail=status)


def _failed(deployment: Mapping[str, Any], detail: str) -> Status:
    reason = deployment.get("failureMessage", "Bedrock gives no reason")
    cause = f"deployment {deployment['modelDeploymentName']} did not take the new model: {reason}"
    return Status(Phase.FAILED, error=PromotionFailed.__name__, cause=cause, detail=detail)
