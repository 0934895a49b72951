from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from atelier.targets.bedrock_requests import custom_model_request, deployment_request, promotion_request
from tests.fixtures.deployments import model_arn
from tests.fixtures.runs import RUN_ID, SETTINGS

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-a1/tool-calling-20261123140500-s0/step_120"
LONGEST_RUN_ID = "a" * 41 + "-20261123140500"


def problems(operation: str, request: dict[str, Any]) -> str:
    """What botocore's service model says against a request."""
    model = botocore.session.get_session().get_service_model("bedrock").operation_model(operation)
    assert model.input_shape
    report: str = ParamValidator().validate(request, model.input_shape).generate_report()
    return report


def model_request(run_id: str = RUN_ID) -> dict[str, Any]:
    return custom_model_request(
        run_id, checkpoint=CHECKPOINT, role_arn=SETTINGS.model_role_arn, key_arn=SETTINGS.key_arn
    )


def test_a_custom_model_is_made_from_the_checkpoint_in_escrow_under_the_runs_name() -> None:
    assert model_request() == {
        "modelName": RUN_ID,
        "modelSourceConfig": {"s3DataSource": {"s3Uri": CHECKPOINT}},
        "roleArn": SETTINGS.model_role_arn,
        "modelKmsKeyArn": SETTINGS.key_arn,
        "modelTags": [{"key": "atelier:run_id", "value": RUN_ID}, {"key": "atelier:step", "value": "model"}],
        "clientRequestToken": f"{RUN_ID}-model",
    }


def test_the_candidate_is_proven_on_a_deployment_of_its_own() -> None:
    request = deployment_request(RUN_ID, model_arn=model_arn("x"))
    assert (request["modelDeploymentName"], request["modelArn"]) == (RUN_ID, model_arn("x"))
    assert request["clientRequestToken"] == f"{RUN_ID}-deployment"


def test_a_promotion_remembers_what_served_before() -> None:
    request = promotion_request(
        RUN_ID,
        deployment_name="support-agent",
        model_arn=model_arn("new"),
        compared_with=model_arn("old"),
    )
    assert request == {
        "deployment_name": "support-agent",
        "model_arn": model_arn("new"),
        "previous_model_arn": model_arn("old"),
    }


def test_the_first_promotion_creates_the_stable_deployment() -> None:
    request = promotion_request(
        RUN_ID, deployment_name="support-agent", model_arn=model_arn("new"), compared_with=None
    )
    assert request["previous_model_arn"] is None
    assert request["create"]["modelDeploymentName"] == "support-agent"


@pytest.mark.parametrize("run_id", [RUN_ID, LONGEST_RUN_ID])
def test_requests_are_valid_to_botocores_service_model(run_id: str) -> None:
    promotion = promotion_request(
        run_id, deployment_name="support-agent", model_arn=model_arn("new"), compared_with=None
    )
    deployment = deployment_request(run_id, model_arn=model_arn("new"))
    assert problems("CreateCustomModel", model_request(run_id)) == ""
    assert problems("CreateCustomModelDeployment", deployment) == ""
    assert problems("CreateCustomModelDeployment", promotion["create"]) == ""
    assert len(model_request(run_id)["modelName"]) <= 63
