"""Port Operations on DynamoDB and its fake, held to one contract; the requests, pinned to botocore.

The conditions of the writes are what keeps two functions from undoing each other's, so they run here in moto,
which evaluates them as DynamoDB does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber
from moto import mock_aws

from atelier.errors import AccessRefused, Throttled, UnknownRun
from atelier.operations.early_stopping import EarlyStop
from atelier.operations.model import APPROVAL, OperationResult, OperationState
from atelier.operations.ports import Operations
from lambdas.adapters.dynamodb_operations import OPEN_INDEX, DynamoDbOperations
from tests.fixtures.clients import client
from tests.fixtures.operations import POLICY, RUN_ID, FakeOperations, an_operation

TABLE = "operations"
REQUEST = {"TrainingJobName": f"{RUN_ID}-s0", "HyperParameters": {"learning_rate": 1e-05}, "empty": None}
STAGE = an_operation(request=REQUEST)
WAITING = an_operation("approval", kind=APPROVAL)


def create_table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "run_id", "KeyType": "HASH"},
            {"AttributeName": "step", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("run_id", "step", "open", "run_step")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": OPEN_INDEX,
                "KeySchema": [
                    {"AttributeName": "open", "KeyType": "HASH"},
                    {"AttributeName": "run_step", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


@pytest.fixture(params=["dynamodb", "fake"])
def operations(request: pytest.FixtureRequest) -> Iterator[Operations]:
    if request.param == "fake":
        yield FakeOperations()
        return
    with mock_aws():
        dynamodb = client.__wrapped__("dynamodb")
        create_table(dynamodb)
        yield DynamoDbOperations(dynamodb=dynamodb, table=TABLE, clock=lambda: 1_000.0)


def test_a_recorded_operation_is_read_back_as_it_was(operations: Operations) -> None:
    assert operations.record(STAGE) == STAGE
    assert operations.get(RUN_ID, "s0") == STAGE
    assert operations.get(RUN_ID, "s1") is None


def test_a_retry_takes_over_the_token_and_nothing_else(operations: Operations) -> None:
    operations.record(STAGE)
    operations.mark_started(STAGE)
    retry = replace(STAGE, token="token-2", request={"other": 1}, recorded_at=500, deadline=9_000)
    standing = operations.record(retry)
    assert standing == replace(STAGE, token="token-2", state=OperationState.STARTED)
    assert operations.get(RUN_ID, "s0") == standing


def test_a_retry_after_the_end_opens_the_row_again_with_its_first_request(operations: Operations) -> None:
    operations.record(STAGE)
    operations.close(STAGE, at=100, error="JobFailed")
    retry = replace(STAGE, token="token-2", request={"other": 1}, recorded_at=500, deadline=9_000)
    assert operations.record(retry) == replace(retry, request=REQUEST)
    assert list(operations.open_steps()) == [(RUN_ID, "s0")]


def test_closing_takes_the_row_out_of_the_open_index_and_keeps_its_end(operations: Operations) -> None:
    operations.record(STAGE)
    assert list(operations.open_steps()) == [(RUN_ID, "s0")]
    operations.close(STAGE, at=100, error="JobFailed")
    operations.close(STAGE, at=200)
    row = operations.get(RUN_ID, "s0")
    assert row == replace(STAGE, state=OperationState.ENDED, ended_at=100, error="JobFailed")
    assert list(operations.open_steps()) == []


def test_a_row_that_took_another_token_is_not_closed(operations: Operations) -> None:
    operations.record(STAGE)
    operations.record(replace(STAGE, token="token-2"))
    operations.close(STAGE, at=100)
    assert list(operations.open_steps()) == [(RUN_ID, "s0")]


def test_a_start_that_comes_after_the_end_is_told_so(operations: Operations) -> None:
    operations.record(STAGE)
    assert operations.mark_started(STAGE)
    assert operations.mark_started(STAGE)
    operations.close(STAGE, at=100)
    assert not operations.mark_started(STAGE)
    row = operations.get(RUN_ID, "s0")
    assert row
    assert row.state is OperationState.ENDED


def test_what_is_noted_of_an_open_operation_is_read_back_and_of_a_closed_one_is_not(
    operations: Operations,
) -> None:
    operations.record(STAGE)
    operations.note(STAGE, "Pending: no node is free")
    operations.close(STAGE, at=100)
    operations.note(STAGE, "Running")
    row = operations.get(RUN_ID, "s0")
    assert row
    assert row.detail == "Pending: no node is free"


def test_a_stop_is_remembered_and_is_no_operation(operations: Operations) -> None:
    operations.record(STAGE)
    assert not operations.stop_requested(RUN_ID)
    operations.request_stop(RUN_ID)
    operations.request_stop(RUN_ID)
    assert operations.stop_requested(RUN_ID)
    assert [row.step for row in operations.of_run(RUN_ID)] == ["s0"]


def test_the_first_decision_on_an_open_approval_stands(operations: Operations) -> None:
    operations.record(WAITING)
    assert operations.decision(RUN_ID) is None
    first = operations.decide(RUN_ID, approved=True, by="mara", comment="good")
    second = operations.decide(RUN_ID, approved=False, by="noor", comment="")
    assert first == second == operations.decision(RUN_ID)
    assert first == {"approved": True, "by": "mara", "comment": "good"}
    operations.close(WAITING, at=100)
    assert operations.decide(RUN_ID, approved=False, by="noor", comment="") == first


def test_nothing_is_decided_where_no_approval_is_open(operations: Operations) -> None:
    with pytest.raises(UnknownRun, match=RUN_ID):
        operations.decide(RUN_ID, approved=True, by="mara", comment="")
    operations.record(WAITING)
    operations.close(WAITING, at=100, error="DeadlineExceeded")
    with pytest.raises(UnknownRun, match=RUN_ID):
        operations.decide(RUN_ID, approved=True, by="mara", comment="")
    assert operations.decision(RUN_ID) is None


def test_a_decision_survives_the_retry_of_its_step(operations: Operations) -> None:
    operations.record(WAITING)
    operations.decide(RUN_ID, approved=False, by="mara", comment="no")
    operations.close(WAITING, at=100)
    operations.record(replace(WAITING, token="token-2"))
    assert operations.decision(RUN_ID) == {"approved": False, "by": "mara", "comment": "no"}


def test_the_first_decision_to_stop_early_stands_and_survives_a_retry(operations: Operations) -> None:
    watched = replace(STAGE, stop_policy=POLICY)
    first = EarlyStop(step=40, best_step=20, best_loss=0.1 + 0.2, reason="no better")
    assert operations.record(watched) == watched
    assert operations.stop_early(watched, first) == first
    assert operations.stop_early(watched, replace(first, best_step=30)) == first
    assert operations.get(RUN_ID, "s0") == replace(watched, early_stop=first)
    operations.close(watched, at=100)
    retry = replace(STAGE, token="token-2")
    assert operations.record(retry) == replace(watched, token="token-2", early_stop=first)


def test_the_first_outcome_stands_and_survives_a_retry(operations: Operations) -> None:
    operations.record(STAGE)
    first = OperationResult(error="JobFailed", cause="exit code 1")
    assert operations.conclude(STAGE, first) == first
    assert operations.conclude(STAGE, OperationResult({"job_name": "late"})) == first
    operations.close(STAGE, at=100, error="JobFailed")
    assert operations.conclude(STAGE, first) is None
    retry = replace(STAGE, token="token-2")
    assert operations.record(retry) == replace(retry, outcome=first)


def test_a_job_that_nobody_waits_for_is_not_stopped_early(operations: Operations) -> None:
    operations.record(STAGE)
    operations.close(STAGE, at=100)
    assert operations.stop_early(STAGE, EarlyStop(40, 20, 0.3, "no better")) is None


def test_rows_of_many_runs_are_read_whole(operations: Operations) -> None:
    run_ids = [f"tool-calling-202611231405{index:02}" for index in range(30)]
    for run_id in run_ids:
        operations.record(replace(STAGE, run_id=run_id, request={"filler": "x" * 60_000}))
    assert sorted(run_id for run_id, _ in operations.open_steps()) == run_ids


@pytest.fixture
def stubbed() -> Iterator[tuple[DynamoDbOperations, Stubber]]:
    dynamodb = client("dynamodb")
    with Stubber(dynamodb) as stubber:
        yield DynamoDbOperations(dynamodb=dynamodb, table=TABLE), stubber
        stubber.assert_no_pending_responses()


def test_recording_is_one_conditional_write(stubbed: tuple[DynamoDbOperations, Stubber]) -> None:
    operations, stubber = stubbed
    item: dict[str, Any] = {
        "run_id": {"S": RUN_ID},
        "step": {"S": "s0"},
        "kind": {"S": "training-job"},
        "request": {"S": json.dumps(REQUEST)},
        "token": {"S": "token-1"},
        "recorded_at": {"N": "0"},
        "deadline": {"N": "3600"},
        "state": {"S": "RECORDED"},
    }
    expected = {
        "TableName": TABLE,
        "Key": {"run_id": {"S": RUN_ID}, "step": {"S": "s0"}},
        "UpdateExpression": "SET #token = :token, #open = :open, #run_step = :run_step, "
        "#kind = if_not_exists(#kind, :kind), #request = if_not_exists(#request, :request), "
        "#state = if_not_exists(#state, :state), #recorded_at = if_not_exists(#recorded_at, :recorded_at), "
        "#deadline = if_not_exists(#deadline, :deadline), "
        "#expires_at = if_not_exists(#expires_at, :expires_at)",
        "ConditionExpression": "attribute_not_exists(run_id) OR attribute_exists(#open)",
        "ExpressionAttributeNames": {
            f"#{name}": name
            for name in [
                "token",
                "open",
                "run_step",
                "kind",
                "request",
                "state",
                "recorded_at",
                "deadline",
                "expires_at",
            ]
        },
        "ExpressionAttributeValues": {
            ":token": {"S": "token-1"},
            ":open": {"S": "yes"},
            ":run_step": {"S": f"{RUN_ID}/s0"},
            ":kind": {"S": "training-job"},
            ":request": {"S": json.dumps(REQUEST)},
            ":state": {"S": "RECORDED"},
            ":recorded_at": {"N": "0"},
            ":deadline": {"N": "3600"},
            ":expires_at": {"N": str(3600 + 90 * 86_400)},
        },
        "ReturnValues": "ALL_NEW",
    }
    stubber.add_response("update_item", {"Attributes": item}, expected)
    assert operations.record(STAGE) == STAGE


def test_rows_are_read_consistently(stubbed: tuple[DynamoDbOperations, Stubber]) -> None:
    operations, stubber = stubbed
    key = {"run_id": {"S": RUN_ID}, "step": {"S": "run"}}
    expected = {"TableName": TABLE, "Key": key, "ConsistentRead": True}
    stubber.add_response("get_item", {}, expected)
    assert not operations.stop_requested(RUN_ID)
    stubber.add_response(
        "query",
        {"Items": []},
        {
            "TableName": TABLE,
            "KeyConditionExpression": "run_id = :run_id",
            "ExpressionAttributeValues": {":run_id": {"S": RUN_ID}},
            "ConsistentRead": True,
        },
    )
    assert list(operations.of_run(RUN_ID)) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [("AccessDeniedException", AccessRefused), ("ProvisionedThroughputExceededException", Throttled)],
)
def test_failures_leave_as_the_domains(
    stubbed: tuple[DynamoDbOperations, Stubber], code: str, expected: type[Exception]
) -> None:
    operations, stubber = stubbed
    stubber.add_client_error("get_item", code)
    with pytest.raises(expected, match="dynamodb:GetItem on operations"):
        operations.get(RUN_ID, "s0")
