"""The deployed parts of settlement: the table and its index, and what invokes the function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from atelier.platforms.slurm.naming import status_key
from lambdas.adapters.dynamodb_operations import OPEN_INDEX
from tests.fixtures.synthesis import Synthesis

pytestmark = pytest.mark.synth


def table(synthesis: Synthesis) -> Mapping[str, Any]:
    (found,) = synthesis.resources("AWS::DynamoDB::Table")
    properties: Mapping[str, Any] = found["Properties"]
    return properties


def settle(synthesis: Synthesis) -> Mapping[str, Any]:
    return next(
        function["Properties"]
        for function in synthesis.resources("AWS::Lambda::Function")
        if function["Properties"]["Handler"] == "lambdas.handlers.settle.handler"
    )


def key(schema: list[Mapping[str, str]]) -> dict[str, str]:
    return {attribute["KeyType"]: attribute["AttributeName"] for attribute in schema}


def test_the_table_has_the_keys_and_the_index_that_the_adapter_writes_and_reads(every: Synthesis) -> None:
    assert key(table(every)["KeySchema"]) == {"HASH": "run_id", "RANGE": "step"}
    (index,) = table(every)["GlobalSecondaryIndexes"]
    assert index["IndexName"] == OPEN_INDEX
    assert key(index["KeySchema"]) == {"HASH": "open", "RANGE": "run_step"}
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}, "a task token must not be in the index"


def test_rows_expire_and_can_be_recovered_before(every: Synthesis) -> None:
    assert table(every)["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    recovery = table(every)["PointInTimeRecoverySpecification"]
    assert recovery == {"PointInTimeRecoveryEnabled": True}


def test_settle_is_called_when_a_training_job_ends_and_every_minute(every: Synthesis) -> None:
    rules = [
        resource["Properties"]
        for resource in every.templates["Pipeline"]["Resources"].values()
        if resource["Type"] == "AWS::Events::Rule"
    ]
    assert {rule["State"] for rule in rules} == {"ENABLED"}
    assert [rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule] == [
        "rate(1 minute)"
    ]
    assert {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {"TrainingJobStatus": ["Completed", "Failed", "Stopped"]},
    } in [rule.get("EventPattern") for rule in rules]
    for rule in rules:
        (target,) = rule["Targets"]
        assert every.flat(target["Arn"]).endswith(":function:settle")
        assert every.flat(target["DeadLetterConfig"]["Arn"]) == "<SettlementDeadLetters>"


def test_settle_is_called_when_a_job_on_slurm_has_changed(dev: Synthesis) -> None:
    (pattern,) = (
        rule["Properties"]["EventPattern"]
        for rule in dev.resources("AWS::Events::Rule")
        if rule["Properties"].get("EventPattern", {}).get("source") == ["aws.s3"]
    )
    assert pattern["detail-type"] == ["Object Created"]
    assert [dev.flat(name) for name in pattern["detail"]["bucket"]["name"]] == ["<BucketArtifacts>"]
    (key,) = pattern["detail"]["object"]["key"]
    assert status_key("slurm", "tool-calling-20261123120000-s0").startswith(key["prefix"])


def test_settle_has_concurrency_of_its_own_and_keeps_what_it_could_not_handle(every: Synthesis) -> None:
    assert settle(every)["ReservedConcurrentExecutions"] >= 1
    assert every.flat(settle(every)["DeadLetterConfig"]["TargetArn"]) == "<SettlementDeadLetters>"
