"""The deployments of every target in one list."""

from __future__ import annotations

from datetime import UTC, datetime

from botocore.stub import Stubber

from atelier.targets.pointer import Pointer, Served
from client.deployments import DeploymentList
from tests.fixtures.clients import client
from tests.fixtures.deployments import model_arn
from tests.fixtures.operations import RUN_ID
from tests.fixtures.pointers import FakePointers

ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/8h2kq0c4z1vw"
MODEL = model_arn("n" * 12)
WHEN = datetime(2026, 11, 23, tzinfo=UTC)


def summary(name: str) -> dict[str, object]:
    return {
        "customModelDeploymentArn": ARN,
        "customModelDeploymentName": name,
        "modelArn": MODEL,
        "createdAt": WHEN,
        "status": "Active",
    }


def test_stable_deployments_and_pointers_are_listed_and_temporary_deployments_are_not() -> None:
    bedrock = client("bedrock")
    older, newer = Served("arn:1", "older-20261101000000"), Served("arn:2", "newer-20261102000000")
    pointer = Pointer("bedrock-import", (older, newer), since=0)
    with Stubber(bedrock) as stubber:
        stubber.add_response(
            "list_custom_model_deployments",
            {"modelDeploymentSummaries": [summary(RUN_ID), summary("support-agent")]},
            {},
        )
        model = {"modelArn": MODEL, "modelName": RUN_ID, "creationTime": WHEN}
        stubber.add_response("get_custom_model", model, {"modelIdentifier": MODEL})
        found = DeploymentList(bedrock=bedrock, pointers=FakePointers({"open-agent": pointer})).all()

    assert [(one.name, one.target, one.run_id, one.previous_run_id) for one in found] == [
        ("open-agent", "bedrock-import", newer.run_id, older.run_id),
        ("support-agent", "bedrock-on-demand", RUN_ID, None),
    ]
    assert [one.model_id for one in found] == ["arn:2", ARN]
    assert all(one.idle_cost for one in found)
