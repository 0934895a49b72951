"""Port TrainingJobs on SageMaker, pinned to botocore's service model."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused, CapacityUnavailable, RequestRefused, ServiceUnavailable, Throttled
from atelier.jobs.run_jobs import training_job
from atelier.operations.model import Operation, Phase
from lambdas.adapters.sagemaker_training_jobs import SageMakerTrainingJobs
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan
from tests.fixtures.runs import RUN_ID, SETTINGS

NAME = f"{RUN_ID}-s0"
ARN = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{NAME}"
JOB = training_job(
    a_plan().stages[0],
    run_id=RUN_ID,
    stage_index=0,
    checkpoint=None,
    objects=FakeObjects(),
    environment=SETTINGS,
)
OPERATION: Operation = JOB.operation(token="token", now=0)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def a_client(service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Stubs:
    """Two stubbed clients behind the adapter."""

    def __init__(self) -> None:
        sagemaker, logs = a_client("sagemaker"), a_client("logs")
        self.sagemaker, self.logs = Stubber(sagemaker), Stubber(logs)
        self.jobs = SageMakerTrainingJobs(sagemaker=sagemaker, logs=logs)


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    stubs = Stubs()
    with stubs.sagemaker, stubs.logs:
        yield stubs
        stubs.sagemaker.assert_no_pending_responses()
        stubs.logs.assert_no_pending_responses()


def described(status: str = "InProgress", **changes: Any) -> dict[str, Any]:
    """A DescribeTrainingJob answer for our job."""
    request = OPERATION.request
    answer = {
        "TrainingJobName": NAME,
        "TrainingJobArn": ARN,
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
        "TrainingJobStatus": status,
        "SecondaryStatus": "Training",
        "AlgorithmSpecification": request["AlgorithmSpecification"],
        "HyperParameters": request["HyperParameters"],
        "InputDataConfig": request["InputDataConfig"],
        "OutputDataConfig": request["OutputDataConfig"],
        "ResourceConfig": request["ResourceConfig"],
        "StoppingCondition": request["StoppingCondition"],
        "CreationTime": NOON,
    }
    return answer | changes


def in_use(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error(
        "create_training_job", "ResourceInUse", expected_params=dict(OPERATION.request)
    )


def answers(stubs: Stubs, answer: dict[str, Any]) -> None:
    stubs.sagemaker.add_response("describe_training_job", answer, {"TrainingJobName": NAME})


def test_submit_sends_the_recorded_request_as_it_is(stubs: Stubs) -> None:
    stubs.sagemaker.add_response("create_training_job", {"TrainingJobArn": ARN}, dict(OPERATION.request))
    stubs.jobs.submit(OPERATION)


def test_submit_finds_the_job_that_an_earlier_call_started(stubs: Stubs) -> None:
    in_use(stubs)
    answers(stubs, described())
    stubs.jobs.submit(OPERATION)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"HyperParameters": {"base_model": "nova-pro/prod"}}, "HyperParameters"),
        ({"OutputDataConfig": {"S3OutputPath": "s3://elsewhere/"}}, "S3OutputPath"),
        ({"InputDataConfig": OPERATION.request["InputDataConfig"][:1]}, "InputDataConfig"),
    ],
)
def test_submit_refuses_a_name_that_another_job_holds(
    stubs: Stubs, changes: dict[str, Any], field: str
) -> None:
    in_use(stubs)
    answers(stubs, described(**changes))
    with pytest.raises(RequestRefused, match=f"the name is taken by a job with another {field}"):
        stubs.jobs.submit(OPERATION)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceLimitExceeded", CapacityUnavailable),
        ("ValidationException", RequestRefused),
        ("ThrottlingException", Throttled),
        ("InternalFailure", ServiceUnavailable),
    ],
)
def test_submit_says_what_a_refusal_means(stubs: Stubs, code: str, error: type[Exception]) -> None:
    stubs.sagemaker.add_client_error("create_training_job", code, "the reason")
    with pytest.raises(error, match=f"sagemaker:CreateTrainingJob on {NAME}: {code}: the reason"):
        stubs.jobs.submit(OPERATION)


def test_submit_names_the_permission_that_is_missing(stubs: Stubs) -> None:
    message = (
        "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: iam:PassRole on resource: arn:role"
    )
    stubs.sagemaker.add_client_error("create_training_job", "AccessDeniedException", message)
    with pytest.raises(AccessRefused, match=f"iam:PassRole on {NAME} was refused"):
        stubs.jobs.submit(OPERATION)


def test_a_completed_job_is_success_with_what_the_state_returns(stubs: Stubs) -> None:
    answers(stubs, described("Completed", TrainingTimeInSeconds=61))
    status = stubs.jobs.describe(OPERATION)
    assert status.phase is Phase.SUCCEEDED
    assert status.result == {
        "job_name": NAME,
        "job_arn": ARN,
        "output_s3_path": OPERATION.request["OutputDataConfig"]["S3OutputPath"],
        "model_artifacts": "s3://b/model.tar.gz",
        "seconds": 61,
    }


@pytest.mark.parametrize("state", ["InProgress", "Stopping", "Deleting"])
def test_a_job_that_may_still_move_is_running(stubs: Stubs, state: str) -> None:
    answers(stubs, described(state, SecondaryStatus="Downloading"))
    status = stubs.jobs.describe(OPERATION)
    assert (status.phase, status.is_terminal, status.detail) == (Phase.RUNNING, False, "Downloading")
    assert status.is_stopping == (state == "Stopping")


@pytest.mark.parametrize(
    ("changes", "error", "cause"),
    [
        (
            {"FailureReason": "AlgorithmError: loss is NaN, exit code: 1"},
            "JobFailed",
            "failed: AlgorithmError: loss",
        ),
        (
            {"FailureReason": "CapacityError: Unable to provision"},
            "CapacityUnavailable",
            "failed: CapacityError",
        ),
        ({}, "JobFailed", "SageMaker gives no reason"),
    ],
)
def test_a_failed_job_says_why(stubs: Stubs, changes: dict[str, Any], error: str, cause: str) -> None:
    answers(stubs, described("Failed", SecondaryStatus="Failed", **changes))
    status = stubs.jobs.describe(OPERATION)
    assert (status.phase, status.error) == (Phase.FAILED, error)
    assert cause in status.cause


@pytest.mark.parametrize(
    ("secondary", "cause"),
    [("MaxRuntimeExceeded", "it ran into its limit of 86400 s"), ("Stopped", "someone stopped it")],
)
def test_a_stopped_job_says_what_stopped_it_and_where_its_output_is(
    stubs: Stubs, secondary: str, cause: str
) -> None:
    answers(stubs, described("Stopped", SecondaryStatus=secondary))
    status = stubs.jobs.describe(OPERATION)
    assert (status.phase, status.error) == (Phase.STOPPED, "JobFailed")
    assert cause in status.cause
    assert status.result["output_s3_path"] == OPERATION.request["OutputDataConfig"]["S3OutputPath"]


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_sagemaker_does_not_know_is_absent(stubs: Stubs, code: str) -> None:
    stubs.sagemaker.add_client_error("describe_training_job", code, "Requested resource not found.")
    assert stubs.jobs.describe(OPERATION).phase is Phase.ABSENT


def test_a_question_that_sagemaker_refuses_is_not_an_absent_job(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error(
        "describe_training_job", "ValidationException", "1 validation error detected"
    )
    with pytest.raises(RequestRefused):
        stubs.jobs.describe(OPERATION)


def test_stop_asks_the_service(stubs: Stubs) -> None:
    stubs.sagemaker.add_response("stop_training_job", {}, {"TrainingJobName": NAME})
    stubs.jobs.stop(OPERATION)


@pytest.mark.parametrize("state", ["Completed", "Failed", "Stopping", "Stopped"])
def test_stopping_what_has_ended_is_success(stubs: Stubs, state: str) -> None:
    stubs.sagemaker.add_client_error("stop_training_job", "ValidationException", f"status {state}")
    answers(stubs, described(state))
    stubs.jobs.stop(OPERATION)


def test_stopping_what_never_was_is_success(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error(
        "stop_training_job", "ValidationException", "Requested resource not found."
    )
    stubs.sagemaker.add_client_error(
        "describe_training_job", "ValidationException", "Requested resource not found."
    )
    stubs.jobs.stop(OPERATION)


def test_a_stop_that_is_refused_for_a_running_job_is_an_error(stubs: Stubs) -> None:
    stubs.sagemaker.add_client_error("stop_training_job", "ValidationException", "cannot")
    answers(stubs, described())
    with pytest.raises(RequestRefused):
        stubs.jobs.stop(OPERATION)


def test_logs_come_page_by_page_for_this_job_alone(stubs: Stubs) -> None:
    asked = {
        "logGroupName": "/aws/sagemaker/TrainingJobs",
        "logStreamNamePrefix": f"{NAME}/",
        "filterPattern": "",
    }
    pages: list[dict[str, Any]] = [
        {"events": [{"message": "global_step=1"}], "nextToken": "more"},
        {"events": [{"message": "global_step=2"}]},
    ]
    stubs.logs.add_response("filter_log_events", pages[0], asked)
    stubs.logs.add_response("filter_log_events", pages[1], asked | {"nextToken": "more"})
    assert list(stubs.jobs.logs(NAME)) == ["global_step=1", "global_step=2"]


def test_only_the_lines_that_are_wanted_are_asked_for(stubs: Stubs) -> None:
    asked = {
        "logGroupName": "/aws/sagemaker/TrainingJobs",
        "logStreamNamePrefix": f"{NAME}/",
        "filterPattern": '?"val_loss" ?"validation_loss"',
    }
    stubs.logs.add_response("filter_log_events", {"events": [{"message": "val_loss=1"}]}, asked)
    assert list(stubs.jobs.logs(NAME, containing=("val_loss", "validation_loss"))) == ["val_loss=1"]


def test_a_job_that_has_not_logged_yet_has_no_lines(stubs: Stubs) -> None:
    stubs.logs.add_client_error("filter_log_events", "ResourceNotFoundException")
    assert list(stubs.jobs.logs(NAME)) == []
