"""Imported models behind pointers, pinned to botocore's service models."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from atelier.errors import ResourceInUse, UnknownRun
from atelier.operations.model import Phase
from atelier.targets.bedrock_import import WARM_UP
from atelier.targets.pointer import Pointer, Served
from atelier.targets.ports import Room, ServingModel
from lambdas.adapters.imported_models import ImportedModels, WarmUps
from tests.fixtures.clients import client
from tests.fixtures.operations import RUN_ID, an_operation
from tests.fixtures.pointers import FakePointers

ARN = "arn:aws:bedrock:us-east-1:111122223333:imported-model/k3v9d0m2x7qa"
OLD = Served(
    "arn:aws:bedrock:us-east-1:111122223333:imported-model/aaaaaaaaaaaa", "tool-calling-20261001120000"
)
NAME = "support-agent"
OURS = [{"key": "atelier:run_id", "value": RUN_ID}]
HELLO = {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}
POINTER = Pointer("bedrock-import", (OLD,), since=1).switched(Served(ARN, RUN_ID), now=2)


@dataclass
class World:
    models: ImportedModels
    bedrock: Stubber
    runtime: Stubber
    pointers: FakePointers

    def has(self, identifier: str, **changes: Any) -> None:
        found = {"modelArn": ARN, "modelName": RUN_ID, "creationTime": datetime(2026, 12, 1, tzinfo=UTC)}
        self.bedrock.add_response("get_imported_model", found | changes, {"modelIdentifier": identifier})

    def lacks(self, identifier: str) -> None:
        self.bedrock.add_client_error(
            "get_imported_model", "ResourceNotFoundException", expected_params={"modelIdentifier": identifier}
        )

    def tagged(self, tags: list[dict[str, str]], arn: str = ARN) -> None:
        self.bedrock.add_response("list_tags_for_resource", {"tags": tags}, {"resourceARN": arn})


@pytest.fixture
def world() -> Iterator[World]:
    bedrock, runtime = client("bedrock"), client("bedrock-runtime")
    pointers = FakePointers({NAME: POINTER})
    models = ImportedModels(bedrock=bedrock, runtime=runtime, pointers=pointers, quota=3, now=lambda: 9)
    with Stubber(bedrock) as control, Stubber(runtime) as calls:
        yield World(models, control, calls, pointers)
        control.assert_no_pending_responses()
        calls.assert_no_pending_responses()


def completion(text: str) -> dict[str, Any]:
    body = json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}).encode()
    return {"body": StreamingBody(io.BytesIO(body), len(body)), "contentType": "application/json"}


def test_what_serves_is_what_the_pointer_names(world: World) -> None:
    assert world.models.serving_model(NAME) == ServingModel(ARN, RUN_ID)
    assert world.models.serving_model("other") is None


def test_room_counts_every_imported_model_of_the_account(world: World) -> None:
    when = datetime(2026, 12, 1, tzinfo=UTC)
    summaries = [{"modelArn": ARN, "modelName": name, "creationTime": when} for name in ("a", "b")]
    world.bedrock.add_response("list_imported_models", {"modelSummaries": summaries}, {})
    room = world.models.room()
    assert (room, room.free) == (Room(3, ("a", "b")), 1)


def test_a_rollback_points_to_the_model_before(world: World) -> None:
    world.models.update(NAME, OLD.model_id)
    assert world.pointers.pointers[NAME] == Pointer("bedrock-import", (OLD,), since=9)


def test_a_rollback_goes_to_no_model_that_never_served(world: World) -> None:
    with pytest.raises(UnknownRun, match="cannot go back to arn:other; it served "):
        world.models.update(NAME, "arn:other")


def test_a_run_s_model_is_withdrawn_wherever_it_stands_in_the_history(world: World) -> None:
    world.models.delete_deployment(NAME, run_id=OLD.run_id)
    alone = Pointer("bedrock-import", (Served(ARN, RUN_ID),), since=2)
    assert world.pointers.pointers[NAME] == alone
    world.models.delete_deployment(NAME, run_id="another")
    assert world.pointers.pointers[NAME] == alone
    world.models.delete_deployment(NAME, run_id=RUN_ID)
    assert (world.pointers.pointers, world.pointers.published[NAME]) == ({}, None)


def test_a_model_is_deleted_by_its_tag_and_not_by_its_name_alone(world: World) -> None:
    world.has(RUN_ID)
    world.tagged([])
    world.models.delete_model(RUN_ID, run_id=RUN_ID)
    world.has(RUN_ID)
    world.tagged(OURS)
    world.bedrock.add_response("delete_imported_model", {}, {"modelIdentifier": ARN})
    world.models.delete_model(RUN_ID, run_id=RUN_ID)


def test_a_model_that_is_still_being_imported_is_waited_for(world: World) -> None:
    world.lacks(RUN_ID)
    job = {
        "jobArn": "arn:aws:bedrock:us-east-1:111122223333:model-import-job/k3v9d0m2x7qa",
        "status": "InProgress",
    }
    world.bedrock.add_response("get_model_import_job", job, {"jobIdentifier": f"{RUN_ID}-model"})
    with pytest.raises(ResourceInUse, match="is being imported"):
        world.models.delete_model(RUN_ID, run_id=RUN_ID)


def test_models_that_served_before_the_previous_one_are_deleted_and_forgotten(world: World) -> None:
    newest = Served("arn:newest", "tool-calling-20261202120000")
    world.pointers.pointers[NAME] = POINTER.switched(newest, now=3)
    world.has(OLD.run_id, modelArn=OLD.model_id)
    world.tagged([{"key": "atelier:run_id", "value": OLD.run_id}], arn=OLD.model_id)
    world.bedrock.add_response("delete_imported_model", {}, {"modelIdentifier": OLD.model_id})
    assert world.models.delete_retired_models(NAME, run_id=RUN_ID) == []
    assert world.models.delete_retired_models(NAME, run_id=newest.run_id) == [OLD.run_id]
    assert world.pointers.pointers[NAME] == Pointer("bedrock-import", (Served(ARN, RUN_ID), newest), since=3)
    assert world.models.delete_retired_models(NAME, run_id=newest.run_id) == []


def test_a_model_that_bedrock_offers_converse_for_is_asked_by_converse(world: World) -> None:
    world.has(ARN, instructSupported=True)
    answer = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2},
        "metrics": {"latencyMs": 1},
    }
    world.runtime.add_response("converse", answer, {"modelId": ARN, **HELLO})
    assert world.models.converse(ARN, HELLO)["output"] == answer["output"]


def test_any_other_model_is_asked_in_openai_s_chat_form(world: World) -> None:
    world.has(ARN, instructSupported=False)
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode()
    expected = {"modelId": ARN, "body": body, "contentType": "application/json"}
    world.runtime.add_response("invoke_model", completion("Hi"), expected)
    answer = world.models.converse(ARN, HELLO)
    assert answer["output"]["message"]["content"] == [{"text": "Hi"}]


def test_a_cold_model_is_waited_for_and_a_refusal_fails_the_run(world: World) -> None:
    warm_ups = WarmUps(models=world.models)
    operation = an_operation("deployment", kind=WARM_UP, request={"model_arn": ARN})
    expected = {"modelId": ARN, "body": ANY, "contentType": ANY}
    world.runtime.add_client_error("invoke_model", "ModelNotReadyException", expected_params=expected)
    assert warm_ups.describe(operation).phase is Phase.RUNNING
    world.runtime.add_client_error("invoke_model", "ValidationException", "no", expected_params=expected)
    failed = warm_ups.describe(operation)
    assert (failed.phase, failed.error) == (Phase.FAILED, "DeploymentFailed")
    world.runtime.add_response("invoke_model", completion("Hi"), expected)
    ready = warm_ups.describe(operation)
    assert (ready.phase, ready.result) == (Phase.SUCCEEDED, {"deployment_arn": ARN})
