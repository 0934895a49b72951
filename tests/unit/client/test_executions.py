"""Runs as Step Functions knows them, pinned by botocore's Stubber."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from mypy_boto3_stepfunctions import SFNClient

from atelier.errors import UnknownRun
from client.errors import InvalidRequest
from client.executions import Executions, StateVisit
from tests.fixtures.operations import RUN_ID
from tests.fixtures.pipeline import START

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:Line"
EXECUTION = f"arn:aws:states:us-east-1:000000000000:execution:Line:{RUN_ID}"
RUN = {"name": "tool-calling"}
DOCUMENT = json.dumps({"run_id": RUN_ID, "run": RUN}, sort_keys=True)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client(
        "stepfunctions", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def executions(stub: Stubber) -> Executions:
    return Executions(stepfunctions=cast(SFNClient, stub.client), state_machine_arn=MACHINE)


def describes(stub: Stubber, **answer: Any) -> None:
    stub.add_response(
        "describe_execution",
        {
            "executionArn": EXECUTION,
            "stateMachineArn": MACHINE,
            "status": "RUNNING",
            "startDate": START,
            "input": DOCUMENT,
            **answer,
        },
        {"executionArn": EXECUTION},
    )


def knows_nothing(stub: Stubber) -> None:
    stub.add_client_error(
        "describe_execution", "ExecutionDoesNotExist", expected_params={"executionArn": EXECUTION}
    )


def test_a_start_names_the_execution_after_the_run(stub: Stubber) -> None:
    knows_nothing(stub)
    stub.add_response(
        "start_execution",
        {"executionArn": EXECUTION, "startDate": START},
        {"stateMachineArn": MACHINE, "name": RUN_ID, "input": DOCUMENT},
    )

    assert executions(stub).start(RUN_ID, RUN) is True


def test_a_repeated_start_finds_the_run_whether_it_runs_or_is_over(stub: Stubber) -> None:
    describes(stub, status="SUCCEEDED", stopDate=START, output='{"status": "PROMOTED"}')

    assert executions(stub).start(RUN_ID, RUN) is False


def test_a_start_that_another_caller_won_finds_the_run(stub: Stubber) -> None:
    knows_nothing(stub)
    stub.add_client_error("start_execution", "ExecutionAlreadyExists")
    describes(stub)

    assert executions(stub).start(RUN_ID, RUN) is False


def test_the_same_id_for_another_run_file_is_refused(stub: Stubber) -> None:
    describes(stub)

    with pytest.raises(InvalidRequest, match="another run file"):
        executions(stub).start(RUN_ID, {"name": "other"})


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"status": "RUNNING"}, "RUNNING", ""),
        ({"status": "SUCCEEDED", "output": '{"status": "REJECTED"}'}, "REJECTED", ""),
        ({"status": "FAILED", "error": "JobFailed", "cause": "NaN"}, "FAILED", "JobFailed"),
        ({"status": "TIMED_OUT"}, "FAILED", "TIMED_OUT"),
        ({"status": "ABORTED"}, "FAILED", "ABORTED"),
    ],
)
def test_an_execution_is_read_as_a_run(
    stub: Stubber, answer: dict[str, Any], status: str, error: str
) -> None:
    describes(stub, **answer)

    found = executions(stub).get(RUN_ID)

    assert (found.status, found.error, found.run) == (status, error, RUN)


def test_a_run_that_is_not_there_is_unknown(stub: Stubber) -> None:
    knows_nothing(stub)

    with pytest.raises(UnknownRun, match=RUN_ID):
        executions(stub).get(RUN_ID)


def test_visits_pair_each_entry_with_its_exit(stub: Stubber) -> None:
    def event(number: int, kind: str, name: str) -> dict[str, Any]:
        details = "stateEnteredEventDetails" if kind.endswith("Entered") else "stateExitedEventDetails"
        return {"id": number, "timestamp": at(number), "type": kind, details: {"name": name}}

    def at(number: int) -> Any:
        return START + timedelta(seconds=number)

    stub.add_response(
        "get_execution_history",
        {
            "events": [
                {"id": 1, "timestamp": at(1), "type": "ExecutionStarted"},
                event(2, "TaskStateEntered", "ValidateRun"),
                event(3, "TaskStateExited", "ValidateRun"),
                event(4, "TaskStateEntered", "SubmitTrainingJob"),
            ]
        },
        {"executionArn": EXECUTION, "includeExecutionData": False},
    )

    assert executions(stub).visits(RUN_ID) == [
        StateVisit("ValidateRun", at(2), at(3)),
        StateVisit("SubmitTrainingJob", at(4)),
    ]


def lists(stub: Stubber, started: dict[str, datetime]) -> None:
    stub.add_response(
        "list_executions",
        {
            "executions": [
                {
                    "executionArn": EXECUTION,
                    "stateMachineArn": MACHINE,
                    "name": name,
                    "status": "RUNNING",
                    "startDate": start,
                }
                for name, start in started.items()
            ]
        },
        {"stateMachineArn": MACHINE},
    )


def test_the_latest_run_of_a_name_is_the_last_started_and_not_one_of_a_longer_name(stub: Stubber) -> None:
    ended_last_started_first = "tool-calling-20261101000000"
    names = ["tool-calling-v2-20261124000000", ended_last_started_first, RUN_ID]
    lists(stub, dict.fromkeys(names, START))

    assert executions(stub).latest_named("tool-calling") == RUN_ID


def test_the_latest_runs_are_those_started_last_whatever_ended_last(stub: Stubber) -> None:
    lists(stub, {"a-20261123140000": START - timedelta(minutes=5), RUN_ID: START})
    describes(stub)

    assert [run.run_id for run in executions(stub).latest(1)] == [RUN_ID]
