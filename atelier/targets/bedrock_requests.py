"""The requests that make a candidate serve (shapes: botocore, service model bedrock/2023-04-20).

Client request tokens follow from the run id, so that a retried call is one call to Bedrock too.
"""

from __future__ import annotations

from typing import Any

from atelier import names


def custom_model_request(run_id: str, *, checkpoint: str, role_arn: str, key_arn: str) -> dict[str, Any]:
    """CreateCustomModel from a checkpoint in escrow, which Bedrock reads as `role_arn`."""
    return {
        "modelName": names.custom_model_name(run_id),
        "modelSourceConfig": {"s3DataSource": {"s3Uri": checkpoint}},
        "roleArn": role_arn,
        "modelKmsKeyArn": key_arn,
        "modelTags": _tags(run_id, names.CUSTOM_MODEL),
        "clientRequestToken": names.operation_name(run_id, names.CUSTOM_MODEL),
    }


def deployment_request(run_id: str, *, model_arn: str) -> dict[str, Any]:
    """CreateCustomModelDeployment of the temporary deployment, on which the candidate is proven."""
    return {
        "modelDeploymentName": names.candidate_deployment_name(run_id),
        "modelArn": model_arn,
        "description": f"Temporary: proves the candidate of run {run_id}",
        "tags": _tags(run_id, names.DEPLOYMENT),
        "clientRequestToken": names.operation_name(run_id, names.DEPLOYMENT),
    }


def promotion_request(
    run_id: str, *, deployment_name: str, model_arn: str, compared_with: str | None
) -> dict[str, Any]:
    """Put the model behind the stable deployment in place of `compared_with`.

    `create` is there when the gate compared with the base model, so that nothing served. The model before is
    in the request, because only that brings it back.
    """
    promotion: dict[str, Any] = {
        "deployment_name": deployment_name,
        "model_arn": model_arn,
        "previous_model_arn": compared_with,
    }
    if compared_with is None:
        promotion["create"] = {
            "modelDeploymentName": deployment_name,
            "modelArn": model_arn,
            "description": f"Stable: made by run {run_id}, serves what was promoted last",
            "tags": _tags(run_id, names.PROMOTION),
            "clientRequestToken": names.operation_name(run_id, names.PROMOTION),
        }
    return promotion


def _tags(run_id: str, step: str) -> list[dict[str, str]]:
    return [{"key": names.RUN_TAG, "value": run_id}, {"key": names.STEP_TAG, "value": step}]
