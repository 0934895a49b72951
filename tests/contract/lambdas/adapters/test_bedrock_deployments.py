"""Port Deployments and kind `custom-model-deployment` on Bedrock, pinned to botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from atelier.errors import RequestRefused, ResourceInUse, Throttled
from atelier.operations.model import Phase, Status
from atelier.targets.bedrock_on_demand import DEPLOYMENT
from atelier.targets.bedrock_requests import deployment_request
from atelier.targets.ports import ServingModel
from lambdas.adapters.bedrock_deployments import BedrockDeployments
from tests.fixtures.clients import client
from tests.fixtures.deployments import model_arn
from tests.fixtures.operations import RUN_ID, an_operation

ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/8h2kq0c4z1vw"
MODEL, OTHER = model_arn("k3v9d0m2x7qa"), model_arn("aaaaaaaaaaaa")
REQUEST = deployment_request(RUN_ID, model_arn=MODEL)
OPERATION = an_operation("deployment", kind=DEPLOYMENT, request=REQUEST)
OURS = [{"key": "atelier:run_id", "value": RUN_ID}]


@dataclass
class Bedrock:
    """The adapter, and what its clients answer."""

    deployments: BedrockDeployments
    control: Stubber
    runtime: Stubber

    def no_deployment(self, name: str = RUN_ID) -> None:
        self.control.add_client_error(
            "get_custom_model_deployment",
            "ResourceNotFoundException",
            expected_params={"customModelDeploymentIdentifier": name},
        )

    def a_deployment(self, name: str = RUN_ID, **changes: Any) -> None:
        deployment = {
            "customModelDeploymentArn": ARN,
            "modelDeploymentName": name,
            "modelArn": MODEL,
            "createdAt": datetime(2026, 11, 23, tzinfo=UTC),
            "status": "Active",
        }
        self.control.add_response(
            "get_custom_model_deployment",
            deployment | changes,
            {"customModelDeploymentIdentifier": name},
        )

    def a_model(self, identifier: str = MODEL) -> None:
        self.control.add_response(
            "get_custom_model",
            {"modelArn": MODEL, "modelName": RUN_ID, "creationTime": datetime(2026, 11, 23, tzinfo=UTC)},
            {"modelIdentifier": identifier},
        )

    def tagged(self, arn: str, tags: list[dict[str, str]]) -> None:
        self.control.add_response("list_tags_for_resource", {"tags": tags}, {"resourceARN": arn})


@pytest.fixture
def bedrock() -> Iterator[Bedrock]:
    adapter = BedrockDeployments(bedrock=client("bedrock"), runtime=client("bedrock-runtime"))
    control, runtime = Stubber(client("bedrock")), Stubber(client("bedrock-runtime"))
    with control, runtime:
        yield Bedrock(adapter, control, runtime)
        control.assert_no_pending_responses()
        runtime.assert_no_pending_responses()


def test_submit_creates_the_deployment_with_the_recorded_request(bedrock: Bedrock) -> None:
    bedrock.no_deployment()
    bedrock.control.add_response("create_custom_model_deployment", {"customModelDeploymentArn": ARN}, REQUEST)
    bedrock.deployments.submit(OPERATION)


def test_submit_finds_the_deployment_that_the_run_already_made(bedrock: Bedrock) -> None:
    bedrock.a_deployment(status="Creating")
    bedrock.tagged(ARN, OURS)
    bedrock.deployments.submit(OPERATION)


def test_submit_finds_the_deployment_that_appeared_between_look_and_call(bedrock: Bedrock) -> None:
    bedrock.no_deployment()
    bedrock.control.add_client_error("create_custom_model_deployment", "ValidationException", "name in use")
    bedrock.a_deployment()
    bedrock.tagged(ARN, OURS)
    bedrock.deployments.submit(OPERATION)


@pytest.mark.parametrize(("model", "tags"), [(OTHER, None), (MODEL, [{"key": "team", "value": "x"}])])
def test_submit_refuses_a_deployment_of_the_same_name_that_is_not_the_runs(
    bedrock: Bedrock, model: str, tags: list[dict[str, str]] | None
) -> None:
    bedrock.a_deployment(modelArn=model)
    if tags is not None:
        bedrock.tagged(ARN, tags)
    with pytest.raises(RequestRefused, match=f"the name is taken .*{model}, status Active"):
        bedrock.deployments.submit(OPERATION)


def test_describe_tells_how_the_deployment_stands(bedrock: Bedrock) -> None:
    bedrock.no_deployment()
    bedrock.a_deployment(status="Creating")
    bedrock.a_deployment()
    bedrock.a_deployment(status="Failed", failureMessage="no capacity")
    describe = bedrock.deployments.describe
    assert describe(OPERATION) == Status(Phase.ABSENT)
    assert describe(OPERATION) == Status(Phase.RUNNING, detail="Creating")
    assert describe(OPERATION) == Status(Phase.SUCCEEDED, {"deployment_arn": ARN}, detail="Active")
    failed = describe(OPERATION)
    assert (failed.phase, failed.error) == (Phase.FAILED, "DeploymentFailed")
    assert failed.cause == f"deployment {RUN_ID} did not become active: no capacity"


def test_what_serves_is_told_with_the_models_name_and_what_is_being_swapped_in(bedrock: Bedrock) -> None:
    bedrock.a_deployment("support-agent")
    bedrock.a_model()
    assert bedrock.deployments.serving_model("support-agent") == ServingModel(MODEL, RUN_ID)
    bedrock.a_deployment("support-agent", updateDetails={"modelArn": OTHER, "updateStatus": "Updating"})
    bedrock.a_model()
    assert bedrock.deployments.serving_model("support-agent") == ServingModel(MODEL, RUN_ID, OTHER)


def test_nothing_serves_behind_a_deployment_that_is_not_there_or_failed(bedrock: Bedrock) -> None:
    bedrock.no_deployment("support-agent")
    assert bedrock.deployments.serving_model("support-agent") is None
    bedrock.a_deployment("support-agent", status="Failed")
    assert bedrock.deployments.serving_model("support-agent") is None


def test_update_swaps_the_model_in(bedrock: Bedrock) -> None:
    bedrock.a_deployment(
        "support-agent", updateDetails={"modelArn": MODEL, "updateStatus": "UpdateCompleted"}
    )
    bedrock.control.add_response(
        "update_custom_model_deployment",
        {"customModelDeploymentArn": ARN},
        {"customModelDeploymentIdentifier": "support-agent", "modelArn": OTHER},
    )
    bedrock.deployments.update("support-agent", OTHER)


@pytest.mark.parametrize(
    "changes",
    [{"modelArn": OTHER}, {"updateDetails": {"modelArn": OTHER, "updateStatus": "Updating"}}],
    ids=["there", "on its way"],
)
def test_update_leaves_a_model_that_is_there_or_on_its_way(bedrock: Bedrock, changes: dict[str, Any]) -> None:
    bedrock.a_deployment("support-agent", **changes)
    bedrock.deployments.update("support-agent", OTHER)


def test_update_waits_for_the_swap_of_another_model(bedrock: Bedrock) -> None:
    update = {"modelArn": OTHER, "updateStatus": "Updating"}
    bedrock.a_deployment("support-agent", updateDetails=update)
    with pytest.raises(ResourceInUse, match="one swap at a time"):
        bedrock.deployments.update("support-agent", MODEL)


def test_a_deployment_of_the_run_is_deleted_by_its_arn(bedrock: Bedrock) -> None:
    bedrock.a_deployment()
    bedrock.tagged(ARN, OURS)
    bedrock.control.add_response(
        "delete_custom_model_deployment", {}, {"customModelDeploymentIdentifier": ARN}
    )
    bedrock.deployments.delete_deployment(RUN_ID, run_id=RUN_ID)


def test_a_model_of_the_run_is_deleted_by_its_arn(bedrock: Bedrock) -> None:
    bedrock.a_model(RUN_ID)
    bedrock.tagged(MODEL, OURS)
    bedrock.control.add_response("delete_custom_model", {}, {"modelIdentifier": MODEL})
    bedrock.deployments.delete_model(RUN_ID, run_id=RUN_ID)


def test_what_is_gone_or_anothers_is_not_deleted(bedrock: Bedrock) -> None:
    bedrock.no_deployment()
    bedrock.deployments.delete_deployment(RUN_ID, run_id=RUN_ID)
    bedrock.a_deployment()
    bedrock.tagged(ARN, [])
    bedrock.deployments.delete_deployment(RUN_ID, run_id=RUN_ID)
    bedrock.control.add_client_error("get_custom_model", "ResourceNotFoundException")
    bedrock.deployments.delete_model(RUN_ID, run_id=RUN_ID)
    bedrock.a_model(RUN_ID)
    bedrock.tagged(MODEL, [{"key": "atelier:run_id", "value": "another"}])
    bedrock.deployments.delete_model(RUN_ID, run_id=RUN_ID)


def test_a_conflict_of_a_delete_means_still_in_use(bedrock: Bedrock) -> None:
    bedrock.a_deployment()
    bedrock.tagged(ARN, OURS)
    bedrock.control.add_client_error("delete_custom_model_deployment", "ConflictException", "busy")
    with pytest.raises(ResourceInUse, match=f"deployment {RUN_ID} cannot be deleted yet"):
        bedrock.deployments.delete_deployment(RUN_ID, run_id=RUN_ID)
    bedrock.a_model(RUN_ID)
    bedrock.tagged(MODEL, OURS)
    bedrock.control.add_client_error("delete_custom_model", "ConflictException", "in use")
    with pytest.raises(ResourceInUse, match=f"model {RUN_ID} cannot be deleted yet"):
        bedrock.deployments.delete_model(RUN_ID, run_id=RUN_ID)


def test_converse_asks_the_deployment(bedrock: Bedrock) -> None:
    request = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 12},
    }
    bedrock.runtime.add_response("converse", answer, {"modelId": ARN, **request})
    assert bedrock.deployments.converse(ARN, request)["output"] == answer["output"]


@pytest.mark.parametrize(
    ("code", "expected"), [("ThrottlingException", Throttled), ("ModelErrorException", RequestRefused)]
)
def test_a_failed_call_is_retried_or_told_of_the_candidate(
    bedrock: Bedrock, code: str, expected: type[Exception]
) -> None:
    bedrock.runtime.add_client_error("converse", code, http_status_code=424)
    with pytest.raises(expected, match="bedrock:InvokeModel"):
        bedrock.deployments.converse(ARN, {"messages": []})
