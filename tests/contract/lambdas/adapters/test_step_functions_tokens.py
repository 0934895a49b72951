"""Port TaskTokens on Step Functions, pinned to botocore's service model."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from atelier.errors import AccessRefused
from lambdas.adapters.step_functions_tokens import StepFunctionsTokens
from tests.fixtures.clients import client

TOKEN = "AQCEAAAAKgAAAAMAAAAA-secret"


@pytest.fixture
def tokens() -> Iterator[tuple[StepFunctionsTokens, Stubber]]:
    stubbed = client("stepfunctions")
    with Stubber(stubbed) as stubber:
        yield StepFunctionsTokens(stepfunctions=stubbed), stubber
        stubber.assert_no_pending_responses()


def test_a_result_finishes_the_state(tokens: tuple[StepFunctionsTokens, Stubber]) -> None:
    port, stubber = tokens
    expected = {"taskToken": TOKEN, "output": json.dumps({"job_name": "demo-s0", "seconds": 12})}
    stubber.add_response("send_task_success", {}, expected)
    port.succeed(TOKEN, {"job_name": "demo-s0", "seconds": 12})


def test_an_error_fails_the_state_with_its_name(tokens: tuple[StepFunctionsTokens, Stubber]) -> None:
    port, stubber = tokens
    stubber.add_response(
        "send_task_failure", {}, {"taskToken": TOKEN, "error": "JobFailed", "cause": "out of memory"}
    )
    port.fail(TOKEN, error="JobFailed", cause="out of memory")


@pytest.mark.parametrize("code", ["TaskTimedOut", "InvalidToken", "TaskDoesNotExist"])
def test_a_token_that_is_gone_is_success_and_is_not_logged(
    tokens: tuple[StepFunctionsTokens, Stubber], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    port, stubber = tokens
    stubber.add_client_error("send_task_success", code, f"Task {TOKEN} is gone")
    stubber.add_client_error("send_task_failure", code, f"Task {TOKEN} is gone")
    with caplog.at_level(logging.INFO):
        port.succeed(TOKEN, {})
        port.fail(TOKEN, error="JobFailed", cause="")
    assert [record.__dict__["reason"] for record in caplog.records] == [code, code]
    assert not any(TOKEN in str(record.__dict__) for record in caplog.records)


def test_a_missing_permission_is_an_error(tokens: tuple[StepFunctionsTokens, Stubber]) -> None:
    port, stubber = tokens
    stubber.add_client_error("send_task_success", "AccessDeniedException", "no", http_status_code=400)
    with pytest.raises(AccessRefused, match="states:SendTaskSuccess") as caught:
        port.succeed(TOKEN, {})
    assert TOKEN not in str(caught.value)


def test_a_cause_is_cut_to_what_a_state_takes(tokens: tuple[StepFunctionsTokens, Stubber]) -> None:
    port, stubber = tokens
    cut = "x" * 32_767 + "…"
    stubber.add_response("send_task_failure", {}, {"taskToken": TOKEN, "error": "JobFailed", "cause": cut})
    port.fail(TOKEN, error="JobFailed", cause="x" * 50_000)


def test_a_result_that_no_state_takes_fails_the_state_instead_of_hanging_it(
    tokens: tuple[StepFunctionsTokens, Stubber],
) -> None:
    port, stubber = tokens
    cause = "the result has 300013 bytes, a state takes 262144"
    stubber.add_response(
        "send_task_failure", {}, {"taskToken": TOKEN, "error": "RequestRefused", "cause": cause}
    )
    port.succeed(TOKEN, {"text": "x" * 300_001})
