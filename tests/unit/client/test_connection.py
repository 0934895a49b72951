"""What reaching an environment says when it cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber
from mypy_boto3_cloudformation import CloudFormationClient

from cli.exit_codes import MEANINGS, ExitCode, of_status
from cli.failure import explain
from client.connection import pipeline_outputs
from client.errors import NotReachable
from config.environments.dev import DEV
from tests.fixtures.commands import atelier


@pytest.fixture
def cloudformation() -> Iterator[Stubber]:
    client = boto3.client(
        "cloudformation", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    with Stubber(client) as stubber:
        yield stubber


def test_the_outputs_of_the_pipeline_stack_are_found_by_its_name(cloudformation: Stubber) -> None:
    stack = {"StackName": "Atelier-Dev-Pipeline", "CreationTime": 0, "StackStatus": "CREATE_COMPLETE"}
    cloudformation.add_response(
        "describe_stacks",
        {"Stacks": [{**stack, "Outputs": [{"OutputKey": "BucketName", "OutputValue": "b"}]}]},
        {"StackName": "Atelier-Dev-Pipeline"},
    )

    assert pipeline_outputs(cast(CloudFormationClient, cloudformation.client), DEV) == {"BucketName": "b"}


def test_a_stack_that_is_not_deployed_says_how_to_deploy_it(cloudformation: Stubber) -> None:
    cloudformation.add_client_error(
        "describe_stacks", "ValidationError", "Stack with id Atelier-Dev-Pipeline does not exist"
    )

    with pytest.raises(NotReachable, match="make deploy ENV=dev"):
        pipeline_outputs(cast(CloudFormationClient, cloudformation.client), DEV)


def test_a_command_without_an_embedded_cloud_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))

    outcome = atelier("runs")

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "the embedded cloud is not running: `atelier up`" in outcome.stderr


def test_an_unknown_environment_is_wrong_usage() -> None:
    outcome = atelier("runs", "--env", "production")

    assert outcome.exit_code == ExitCode.INVALID
    assert "'production'" in outcome.stderr


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (NoCredentialsError(), "no AWS credentials"),
        (EndpointConnectionError(endpoint_url="https://x"), "no answer"),
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": ""}}, "DescribeStacks"), "sign in again"),
    ],
)
def test_what_keeps_aws_from_answering_is_one_message(error: Exception, says: str) -> None:
    explained = explain(error)

    assert explained is not None
    assert says in explained[0]
    assert explained[1] is ExitCode.UNREACHABLE


def test_a_folder_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    monkeypatch.setenv("ATELIER_HOME", str(in_the_way))

    outcome = atelier("up")

    assert outcome.exit_code == ExitCode.FAILED
    assert outcome.stderr == f"{in_the_way}: File exists\n"


def test_a_defect_of_ours_is_not_explained_away() -> None:
    assert explain(KeyError("run")) is None


def test_every_exit_code_is_documented_in_the_help() -> None:
    shown = " ".join(atelier("--help").output.split())

    assert set(MEANINGS) == set(ExitCode)
    assert all(f"{code.value} {meaning.split(';')[0]}" in shown for code, meaning in MEANINGS.items())


def test_a_status_nobody_knows_counts_as_failed() -> None:
    assert of_status("SOMETHING_NEW") is ExitCode.FAILED
