"""Kind `promotion` on Bedrock, pinned to botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from atelier.errors import RequestRefused, ResourceInUse, Superseded
from atelier.operations.model import Operation, Phase, Status
from atelier.targets.bedrock_on_demand import PROMOTION
from atelier.targets.bedrock_requests import promotion_request
from lambdas.adapters.bedrock_deployments import BedrockDeployments
from lambdas.adapters.bedrock_promotions import BedrockPromotions
from tests.fixtures.clients import client
from tests.fixtures.deployments import model_arn
from tests.fixtures.operations import RUN_ID, an_operation

ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/8h2kq0c4z1vw"
NEW, OLD, THIRD = (model_arn(name * 12) for name in "nop")

Bedrock = tuple[BedrockPromotions, Stubber]


def a_promotion(compared_with: str | None) -> Operation:
    request = promotion_request(
        RUN_ID, deployment_name="support-agent", model_arn=NEW, compared_with=compared_with
    )
    return an_operation("promotion", kind=PROMOTION, request=request)


UPDATE = a_promotion(OLD)
CREATE = a_promotion(None)


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    control = client("bedrock")
    with Stubber(control) as stubber:
        deployments = BedrockDeployments(bedrock=control, runtime=client("bedrock-runtime"))
        yield BedrockPromotions(bedrock=control, deployments=deployments), stubber
        stubber.assert_no_pending_responses()


def stands(stubber: Stubber, model: str, *, status: str = "Active", **more: Any) -> None:
    deployment = {
        "customModelDeploymentArn": ARN,
        "modelDeploymentName": "support-agent",
        "modelArn": model,
        "createdAt": datetime(2026, 11, 23, tzinfo=UTC),
        "status": status,
    }
    expected = {"customModelDeploymentIdentifier": "support-agent"}
    stubber.add_response("get_custom_model_deployment", deployment | more, expected)


def update(model: str, status: str) -> dict[str, str]:
    return {"modelArn": model, "updateStatus": status}


def is_updated(stubber: Stubber) -> None:
    expected = {"customModelDeploymentIdentifier": "support-agent", "modelArn": NEW}
    stubber.add_response("update_custom_model_deployment", {"customModelDeploymentArn": ARN}, expected)


def test_a_stable_deployment_that_serves_what_the_gate_saw_is_updated(bedrock: Bedrock) -> None:
    promotions, stubber = bedrock
    for _ in ("to compare", "to update"):
        stands(stubber, OLD)
    is_updated(stubber)
    promotions.submit(UPDATE)


@pytest.mark.parametrize(("operation", "seen"), [(UPDATE, OLD), (CREATE, "the base model")])
def test_a_model_that_the_gate_did_not_see_is_not_replaced(
    bedrock: Bedrock, operation: Operation, seen: str
) -> None:
    promotions, stubber = bedrock
    stands(stubber, THIRD)
    with pytest.raises(Superseded, match=f"serves {THIRD} now; the gate compared the candidate with {seen}"):
        promotions.submit(operation)


def test_a_deployment_that_somebody_deleted_is_not_made_again_for_a_model_compared_with_it(
    bedrock: Bedrock,
) -> None:
    promotions, stubber = bedrock
    stubber.add_client_error("get_custom_model_deployment", "ResourceNotFoundException")
    with pytest.raises(Superseded, match="serves nothing now"):
        promotions.submit(UPDATE)


def test_another_runs_swap_is_waited_for_before_anything_is_compared(bedrock: Bedrock) -> None:
    promotions, stubber = bedrock
    stands(stubber, OLD, updateDetails=update(THIRD, "Updating"))
    with pytest.raises(ResourceInUse, match=f"support-agent is taking model {THIRD}"):
        promotions.submit(UPDATE)


@pytest.mark.parametrize(
    "deployment",
    [{"model": NEW}, {"model": OLD, "updateDetails": update(NEW, "Updating")}],
    ids=["there", "on its way"],
)
def test_a_promotion_that_took_effect_is_not_made_again(bedrock: Bedrock, deployment: dict[str, Any]) -> None:
    promotions, stubber = bedrock
    stands(stubber, **deployment)
    promotions.submit(UPDATE)


def test_a_deployment_that_never_came_up_keeps_its_name_and_the_refusal_says_so(bedrock: Bedrock) -> None:
    promotions, stubber = bedrock
    for _ in ("to compare", "to create"):
        stands(stubber, THIRD, status="Failed")
    with pytest.raises(RequestRefused, match=r"taken by a deployment that run .* status Failed"):
        promotions.submit(CREATE)


def test_a_stable_deployment_that_is_not_there_is_created(bedrock: Bedrock) -> None:
    promotions, stubber = bedrock
    for _ in ("to compare", "to create"):
        stubber.add_client_error("get_custom_model_deployment", "ResourceNotFoundException")
    stubber.add_response(
        "create_custom_model_deployment", {"customModelDeploymentArn": ARN}, CREATE.request["create"]
    )
    promotions.submit(CREATE)


DONE = {"deployment_arn": ARN, "previous_model_arn": OLD}


@pytest.mark.parametrize(
    ("deployment", "expected"),
    [
        ({"model": OLD}, Status(Phase.ABSENT)),
        ({"model": OLD, "updateDetails": update(NEW, "Updating")}, Status(Phase.RUNNING, detail="Updating")),
        ({"model": NEW, "updateDetails": update(NEW, "Updating")}, Status(Phase.RUNNING, detail="Updating")),
        (
            {"model": NEW, "updateDetails": update(NEW, "UpdateCompleted")},
            Status(Phase.SUCCEEDED, DONE, detail="Active"),
        ),
        ({"model": NEW}, Status(Phase.SUCCEEDED, DONE, detail="Active")),
        ({"model": NEW, "updateDetails": update(THIRD, "Updating")}, Status(Phase.ABSENT)),
        ({"model": THIRD, "updateDetails": update(THIRD, "UpdateCompleted")}, Status(Phase.ABSENT)),
        ({"model": OLD, "updateDetails": update(THIRD, "UpdateFailed")}, Status(Phase.ABSENT)),
        ({"model": NEW, "status": "Creating"}, Status(Phase.RUNNING, detail="Creating")),
    ],
)
def test_describe_tells_whether_the_model_serves(
    bedrock: Bedrock, deployment: dict[str, Any], expected: Status
) -> None:
    promotions, stubber = bedrock
    stands(stubber, **deployment)
    assert promotions.describe(UPDATE) == expected


@pytest.mark.parametrize(
    "deployment",
    [
        {"model": OLD, "updateDetails": update(NEW, "UpdateFailed"), "failureMessage": "no capacity"},
        {"model": NEW, "status": "Failed", "failureMessage": "no capacity"},
    ],
)
def test_a_promotion_that_bedrock_failed_says_why(bedrock: Bedrock, deployment: dict[str, Any]) -> None:
    promotions, stubber = bedrock
    stands(stubber, **deployment)
    status = promotions.describe(UPDATE)
    assert (status.phase, status.error) == (Phase.FAILED, "PromotionFailed")
    assert status.cause == "deployment support-agent did not take the new model: no capacity"


def test_a_deployment_that_is_not_there_has_nothing_promoted(bedrock: Bedrock) -> None:
    promotions, stubber = bedrock
    stubber.add_client_error("get_custom_model_deployment", "ResourceNotFoundException")
    assert promotions.describe(CREATE) == Status(Phase.ABSENT)
