"""Port Pointers on DynamoDB and SSM, in moto, which evaluates conditions as DynamoDB does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from atelier.targets.pointer import Pointer, Served
from lambdas.adapters.published_pointers import PublishedPointers
from tests.contract.lambdas.adapters.test_dynamodb_operations import TABLE, create_table

ONE = Pointer("bedrock-import", (Served("arn:1", "run-1"),), since=1)
TWO = ONE.switched(Served("arn:2", "run-2"), now=2)
PARAMETER = "/atelier/dev/deployments/support-agent"


class Account:
    """One account with the table."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb", "us-east-1")
        self.ssm: Any = boto3.client("ssm", "us-east-1")
        create_table(self.dynamodb)
        self.pointers = PublishedPointers(
            dynamodb=self.dynamodb, ssm=self.ssm, table=TABLE, environment="dev"
        )

    def published(self) -> Any:
        try:
            return json.loads(self.ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return None


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


def test_a_pointer_is_written_once_for_two_runs_that_meet_on_a_new_name(account: Account) -> None:
    assert account.pointers.write("support-agent", ONE, instead_of=None)
    assert not account.pointers.write("support-agent", TWO, instead_of=None)
    assert account.pointers.read("support-agent") == ONE
    assert account.published() == ONE.to_json()


def test_a_switch_needs_the_pointer_that_was_read(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    assert account.pointers.write("support-agent", TWO, instead_of=ONE)
    assert not account.pointers.write("support-agent", ONE, instead_of=ONE)
    assert account.published() == TWO.to_json()


def test_a_pointer_that_another_run_moved_is_not_deleted(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    account.pointers.write("support-agent", TWO, instead_of=ONE)
    assert not account.pointers.delete("support-agent", instead_of=ONE)
    assert account.pointers.delete("support-agent", instead_of=TWO)
    assert (account.pointers.read("support-agent"), account.published()) == (None, None)


def test_a_name_can_be_used_again_after_its_deletion(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    account.pointers.delete("support-agent", instead_of=ONE)
    assert account.pointers.write("support-agent", TWO, instead_of=None)


def test_publishing_again_repairs_what_a_crash_left_out(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    account.ssm.delete_parameter(Name=PARAMETER)
    account.pointers.publish("support-agent")
    assert account.published() == ONE.to_json()


def test_a_pointer_is_no_operation_of_a_run(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    index = account.dynamodb.query(
        TableName=TABLE,
        IndexName="open",
        KeyConditionExpression="#open = :open",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":open": {"S": "yes"}},
    )
    assert index["Items"] == []


def test_every_pointer_is_listed_by_its_name_and_nothing_else_of_the_table(account: Account) -> None:
    account.pointers.write("support-agent", ONE, instead_of=None)
    account.pointers.write("gone", ONE, instead_of=None)
    account.pointers.delete("gone", instead_of=ONE)
    assert account.pointers.all() == {"support-agent": ONE}
