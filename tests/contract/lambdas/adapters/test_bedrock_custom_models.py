"""Kind `custom-model` on Bedrock, pinned to botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused, RequestRefused
from atelier.operations.model import Phase, Status
from atelier.targets.bedrock_on_demand import CUSTOM_MODEL
from atelier.targets.bedrock_requests import custom_model_request
from lambdas.adapters.bedrock_custom_models import BedrockCustomModels
from tests.fixtures.clients import client
from tests.fixtures.operations import RUN_ID, an_operation
from tests.fixtures.runs import SETTINGS

ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model/imported/k3v9d0m2x7qa"
REQUEST = custom_model_request(
    RUN_ID,
    checkpoint="s3://customer-escrow-111122223333-smtj-a1/x/step_120",
    role_arn=SETTINGS.model_role_arn,
    key_arn=SETTINGS.key_arn,
)
OPERATION = an_operation("model", kind=CUSTOM_MODEL, request=REQUEST)
OURS = [{"key": "atelier:run_id", "value": RUN_ID}, {"key": "atelier:step", "value": "model"}]

Bedrock = tuple[BedrockCustomModels, Stubber]


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    stubbed = client("bedrock")
    with Stubber(stubbed) as stubber:
        yield BedrockCustomModels(bedrock=stubbed), stubber
        stubber.assert_no_pending_responses()


def no_model(stubber: Stubber) -> None:
    stubber.add_client_error(
        "get_custom_model", "ResourceNotFoundException", expected_params={"modelIdentifier": RUN_ID}
    )


def a_model(stubber: Stubber, **changes: Any) -> None:
    model = {"modelArn": ARN, "modelName": RUN_ID, "creationTime": datetime(2026, 11, 23, tzinfo=UTC)}
    stubber.add_response("get_custom_model", model | changes, {"modelIdentifier": RUN_ID})


def tagged(stubber: Stubber, tags: list[dict[str, str]]) -> None:
    stubber.add_response("list_tags_for_resource", {"tags": tags}, {"resourceARN": ARN})


def test_submit_creates_the_model_with_the_recorded_request(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    no_model(stubber)
    stubber.add_response("create_custom_model", {"modelArn": ARN}, REQUEST)
    models.submit(OPERATION)


def test_submit_finds_the_model_that_the_run_already_made(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    a_model(stubber, modelStatus="Creating")
    tagged(stubber, OURS)
    models.submit(OPERATION)


@pytest.mark.parametrize("code", ["ConflictException", "ValidationException"])
def test_submit_finds_the_model_that_appeared_between_look_and_call(bedrock: Bedrock, code: str) -> None:
    models, stubber = bedrock
    no_model(stubber)
    stubber.add_client_error("create_custom_model", code, "already exists")
    a_model(stubber)
    tagged(stubber, OURS)
    models.submit(OPERATION)


def test_submit_refuses_a_model_of_the_same_name_that_another_made(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    a_model(stubber)
    tagged(stubber, [{"key": "team", "value": "x"}])
    with pytest.raises(RequestRefused, match=f"the name is taken by a model that run {RUN_ID} did not make"):
        models.submit(OPERATION)


def test_a_request_that_bedrock_refuses_for_another_reason_is_raised_with_its_message(
    bedrock: Bedrock,
) -> None:
    models, stubber = bedrock
    no_model(stubber)
    stubber.add_client_error("create_custom_model", "ValidationException", "the checkpoint is not readable")
    no_model(stubber)
    with pytest.raises(RequestRefused, match=r"bedrock:CreateCustomModel.*the checkpoint is not readable"):
        models.submit(OPERATION)


def test_a_role_that_may_not_be_passed_is_named(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    no_model(stubber)
    message = "User: x is not authorized to perform: iam:PassRole on resource: y"
    stubber.add_client_error("create_custom_model", "AccessDeniedException", message)
    with pytest.raises(AccessRefused, match=r"^iam:PassRole"):
        models.submit(OPERATION)


def test_describe_tells_how_the_model_stands(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    no_model(stubber)
    a_model(stubber, modelStatus="Creating")
    a_model(stubber, modelStatus="Active")
    a_model(stubber)
    done = Status(Phase.SUCCEEDED, result={"model_arn": ARN}, detail="Active")
    assert models.describe(OPERATION) == Status(Phase.ABSENT)
    assert models.describe(OPERATION) == Status(Phase.RUNNING, detail="Creating")
    assert models.describe(OPERATION) == done
    assert models.describe(OPERATION) == done


def test_describe_gives_bedrocks_reason_for_a_failure(bedrock: Bedrock) -> None:
    models, stubber = bedrock
    a_model(stubber, modelStatus="Failed", failureMessage="unsupported architecture")
    status = models.describe(OPERATION)
    assert (status.phase, status.error) == (Phase.FAILED, "ModelCreationFailed")
    assert status.cause == f"custom model {RUN_ID} could not be created: unsupported architecture"


def test_stop_calls_nothing_because_bedrock_cannot_stop_a_creation(bedrock: Bedrock) -> None:
    models, _ = bedrock
    models.stop(OPERATION)
