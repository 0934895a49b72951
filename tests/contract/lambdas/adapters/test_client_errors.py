"""What botocore's failures mean to the workflow."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)

from atelier import errors
from lambdas.adapters.client_errors import domain_error, domain_errors


def refused(code: str, message: str = "the reason", status: int = 400) -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "AnyOperation")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AccessDeniedException", 400, errors.AccessRefused),
        ("403", 403, errors.AccessRefused),
        ("ResourceLimitExceeded", 400, errors.CapacityUnavailable),
        ("ServiceQuotaExceededException", 400, errors.CapacityUnavailable),
        ("SlowDown", 503, errors.Throttled),
        ("ThrottlingException", 400, errors.Throttled),
        ("ProvisionedThroughputExceededException", 400, errors.Throttled),
        ("InternalServerException", 500, errors.ServiceUnavailable),
        ("SomethingNew", 502, errors.ServiceUnavailable),
        ("ValidationException", 400, errors.RequestRefused),
        ("SomethingNew", 400, errors.RequestRefused),
    ],
)
def test_a_code_decides_whether_the_workflow_retries(
    code: str, status: int, expected: type[Exception]
) -> None:
    error = domain_error(refused(code, status=status), action="s3:GetObject", resource="s3://b/k")
    assert type(error) is expected
    assert "s3:GetObject on s3://b/k" in str(error)
    assert "the reason" in str(error)


def test_a_refusal_names_the_action_that_iam_refused_and_not_the_one_that_was_called() -> None:
    message = "User: x is not authorized to perform: kms:Decrypt on resource: key"
    error = domain_error(refused("AccessDenied", message), action="s3:GetObject", resource="s3://b/k")
    assert str(error).startswith("kms:Decrypt on s3://b/k was refused")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (ReadTimeoutError(endpoint_url="https://s3"), errors.ServiceUnavailable),
        (ConnectTimeoutError(endpoint_url="https://s3"), errors.ServiceUnavailable),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), errors.ServiceUnavailable),
        (NoCredentialsError(), errors.RequestRefused),
    ],
)
def test_a_failure_without_an_answer_is_retried_when_it_is_the_networks(
    failure: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected, match="s3:GetObject on s3://b/k"), domain_errors("s3:GetObject", "s3://b/k"):
        raise failure


def test_the_cause_stays_attached() -> None:
    failure = refused("SlowDown")
    with pytest.raises(errors.Throttled) as caught, domain_errors("s3:GetObject", "s3://b/k"):
        raise failure
    assert caught.value.__cause__ is failure
