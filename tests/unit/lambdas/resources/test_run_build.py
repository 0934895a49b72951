"""A build is started once for a request, and its end is the resource's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.resources.custom_resource import Done, NotYet, Request, ResourceFailed
from lambdas.resources.run_build import Builds

PROPERTIES = {"Project": "charts", "Variables": {"CLUSTER": "eks", "CHARTS": "access"}, "Scripts": "hash"}


@pytest.fixture
def codebuild() -> Any:
    return boto3.client(
        "codebuild", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


@pytest.fixture
def stub(codebuild: Any) -> Iterator[Stubber]:
    with Stubber(codebuild) as stub:
        yield stub
        stub.assert_no_pending_responses()


def request(kind: str = "Create", state: Mapping[str, Any] | None = None) -> Request:
    return Request(kind, PROPERTIES, "id", state or {}, "token")


def stands(stub: Stubber, **build: Any) -> None:
    stub.add_response("batch_get_builds", {"builds": [build]}, {"ids": ["charts:1"]})


def test_a_build_is_started_with_the_resource_s_variables(codebuild: Any, stub: Stubber) -> None:
    variables = [
        {"name": "CHARTS", "value": "access", "type": "PLAINTEXT"},
        {"name": "CLUSTER", "value": "eks", "type": "PLAINTEXT"},
    ]
    stub.add_response(
        "start_build",
        {"build": {"id": "charts:1"}},
        {
            "projectName": "charts",
            "idempotencyToken": "token",
            "environmentVariablesOverride": variables,
        },
    )
    stands(stub, buildStatus="IN_PROGRESS", currentPhase="BUILD")
    look = Builds(codebuild).look(request())
    assert look == NotYet("build charts:1 is in phase BUILD", {"build": "charts:1"})


def test_a_build_that_was_started_is_followed_and_not_started_again(codebuild: Any, stub: Stubber) -> None:
    stands(stub, buildStatus="SUCCEEDED")
    assert Builds(codebuild).look(request(state={"build": "charts:1"})) == Done()


def test_a_failed_build_says_which_command_and_where_its_log_is(codebuild: Any, stub: Stubber) -> None:
    stands(
        stub,
        buildStatus="FAILED",
        phases=[
            {"phaseType": "PROVISIONING", "contexts": [{"message": ""}]},
            {"phaseType": "BUILD", "contexts": [{"message": "exit status 1"}]},
        ],
        logs={"deepLink": "https://console.example/log"},
    )
    with pytest.raises(ResourceFailed) as failed:
        Builds(codebuild).look(request(state={"build": "charts:1"}))
    assert str(failed.value) == "build charts:1 FAILED; BUILD: exit status 1; https://console.example/log"


def test_deletion_builds_nothing(codebuild: Any, stub: Stubber) -> None:
    assert Builds(codebuild).look(request("Delete")) == Done()
