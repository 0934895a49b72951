"""Import jobs, pinned to botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from atelier.errors import CapacityUnavailable, RequestRefused, ResourceInUse, ServiceUnavailable, Throttled
from atelier.operations.model import Phase, Status
from atelier.targets.bedrock_import import IMPORT, BedrockImport
from lambdas.adapters.bedrock_imports import BedrockImports
from tests.fixtures.clients import client
from tests.fixtures.operations import RUN_ID, an_operation
from tests.fixtures.runs import SETTINGS
from tests.unit.atelier.targets.test_import_source import ROOT, model_at

JOB = f"{RUN_ID}-model"
JOB_ARN = "arn:aws:bedrock:us-east-1:111122223333:model-import-job/k3v9d0m2x7qa"
MODEL_ARN = "arn:aws:bedrock:us-east-1:111122223333:imported-model/k3v9d0m2x7qa"
REQUEST = (
    BedrockImport().create(RUN_ID, checkpoint=ROOT, environment=SETTINGS, objects=model_at(ROOT)).request
)
OPERATION = an_operation("model", kind=IMPORT, request=REQUEST)
OURS = [{"key": "atelier:run_id", "value": RUN_ID}]

Imports = tuple[BedrockImports, Stubber]


@pytest.fixture
def imports() -> Iterator[Imports]:
    stubbed = client("bedrock")
    with Stubber(stubbed) as stubber:
        yield BedrockImports(bedrock=stubbed), stubber
        stubber.assert_no_pending_responses()


def no_job(stubber: Stubber) -> None:
    stubber.add_client_error(
        "get_model_import_job", "ResourceNotFoundException", expected_params={"jobIdentifier": JOB}
    )


def a_job(stubber: Stubber, **changes: Any) -> None:
    job = {
        "jobArn": JOB_ARN,
        "jobName": JOB,
        "importedModelName": RUN_ID,
        "status": "InProgress",
        "creationTime": datetime(2026, 12, 1, tzinfo=UTC),
    }
    stubber.add_response("get_model_import_job", job | changes, {"jobIdentifier": JOB})


def tagged(stubber: Stubber, tags: list[dict[str, str]]) -> None:
    stubber.add_response("list_tags_for_resource", {"tags": tags}, {"resourceARN": JOB_ARN})


def test_submit_starts_the_job_with_the_recorded_request(imports: Imports) -> None:
    adapter, stubber = imports
    no_job(stubber)
    stubber.add_response("create_model_import_job", {"jobArn": JOB_ARN}, REQUEST)
    adapter.submit(OPERATION)


def test_submit_finds_the_run_s_own_job(imports: Imports) -> None:
    adapter, stubber = imports
    a_job(stubber)
    tagged(stubber, OURS)
    adapter.submit(OPERATION)


def test_a_job_of_the_name_that_another_made_is_refused(imports: Imports) -> None:
    adapter, stubber = imports
    a_job(stubber)
    tagged(stubber, [])
    with pytest.raises(RequestRefused, match="the name is taken by a job that run"):
        adapter.submit(OPERATION)


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("ServiceQuotaExceededException", "Concurrent model import jobs: quota 1", ResourceInUse),
        ("ServiceQuotaExceededException", "Imported models per account: quota 3", CapacityUnavailable),
        ("ValidationException", "The provided role ARN is invalid", ServiceUnavailable),
        ("ThrottlingException", "slow down", Throttled),
    ],
)
def test_a_refusal_that_ends_by_itself_is_told_from_one_that_does_not(
    imports: Imports, code: str, message: str, expected: type[Exception]
) -> None:
    adapter, stubber = imports
    no_job(stubber)
    stubber.add_client_error("create_model_import_job", code, message)
    with pytest.raises(expected):
        adapter.submit(OPERATION)


def test_a_start_that_another_retry_won_is_found(imports: Imports) -> None:
    adapter, stubber = imports
    no_job(stubber)
    stubber.add_client_error("create_model_import_job", "ConflictException", "exists")
    a_job(stubber)
    tagged(stubber, OURS)
    adapter.submit(OPERATION)


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ({"status": "InProgress"}, Status(Phase.RUNNING, detail="InProgress")),
        (
            {"status": "Completed", "importedModelArn": MODEL_ARN},
            Status(Phase.SUCCEEDED, result={"model_arn": MODEL_ARN}, detail="Completed"),
        ),
        (
            {"status": "Failed", "failureMessage": "not supported"},
            Status(
                Phase.FAILED,
                error="ModelCreationFailed",
                cause=f"model {RUN_ID} could not be imported: not supported",
                detail="Failed",
            ),
        ),
    ],
)
def test_describe_says_how_far_the_job_is(imports: Imports, job: dict[str, str], status: Status) -> None:
    adapter, stubber = imports
    a_job(stubber, **job)
    assert adapter.describe(OPERATION) == status


def test_a_job_that_never_started_is_absent(imports: Imports) -> None:
    adapter, stubber = imports
    no_job(stubber)
    assert adapter.describe(OPERATION).phase is Phase.ABSENT
