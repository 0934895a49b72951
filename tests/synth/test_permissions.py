"""Permissions of every role as a golden file, and the rules that they follow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from atelier.recipes.catalogue import catalogue
from atelier.recipes.request import JUDGE
from components.pipeline.training_jobs import JUDGES, TEACHERS
from tests.fixtures.golden import assert_golden
from tests.fixtures.synthesis import Synthesis

pytestmark = pytest.mark.synth

GOLDEN = Path(__file__).with_name("golden") / "permissions.json"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(synthesis: Synthesis) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(who, statement) of every policy that is not a resource's own."""
    for policy in synthesis.resources("AWS::IAM::Policy"):
        (role,) = policy["Properties"]["Roles"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield synthesis.flat(role), statement
    for policy in synthesis.resources("AWS::IAM::ManagedPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield policy["Properties"]["Description"], statement


def permissions(synthesis: Synthesis) -> dict[str, list[str]]:
    """Permissions by role, one entry per action and resource; asset files without their hash."""
    found: dict[str, set[str]] = {}
    for who, statement in statements(synthesis):
        assert statement["Effect"] == "Allow"
        when = "".join(
            f" when {key} is {'absent' if operator == 'Null' else ' or '.join(map(str, listed(value)))}"
            for operator, condition in statement.get("Condition", {}).items()
            for key, value in condition.items()
        )
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                address = re.sub(r"/[0-9a-f]{64}\.", "/<hash>.", synthesis.flat(resource))
                found.setdefault(who, set()).add(f"{action} on {address}{when}")
    return {who: sorted(lines) for who, lines in found.items()}


def test_permissions_are_the_golden_ones(dev: Synthesis) -> None:
    assert_golden(GOLDEN, permissions(dev))


def test_no_action_is_a_pattern(every: Synthesis) -> None:
    for who, statement in statements(every):
        assert [action for action in listed(statement["Action"]) if "*" in action] == [], who


def test_a_role_is_passed_only_to_the_service_it_is_for(every: Synthesis) -> None:
    passed = {
        (every.flat(role), statement["Condition"]["StringEquals"]["iam:PassedToService"])
        for _, statement in statements(every)
        if "iam:PassRole" in listed(statement["Action"])
        for role in listed(statement["Resource"])
    }
    passed -= {("<InferenceOperatorRole>", "sagemaker.amazonaws.com")}
    assert passed == {
        ("<TrainingJobsTrainingRole>", "sagemaker.amazonaws.com"),
        ("<TrainingJobsDistillationRole>", "sagemaker.amazonaws.com"),
        ("<TrainingJobsDistillationRole>", "bedrock.amazonaws.com"),
        ("<CustomModelsModelRole>", "bedrock.amazonaws.com"),
        ("<ImportedModelsImportRole>", "bedrock.amazonaws.com"),
    }


def test_only_settle_finishes_task_tokens(every: Synthesis) -> None:
    finishing = {
        who for who, statement in statements(every) if "states:SendTaskSuccess" in listed(statement["Action"])
    }
    assert finishing == {"<HandlersSettleRole>"}


def test_whoever_starts_a_job_may_stop_it_because_its_run_may_have_ended_meanwhile(every: Synthesis) -> None:
    def may(action: str) -> set[str]:
        return {who for who, statement in statements(every) if action in listed(statement["Action"])}

    assert may("sagemaker:CreateTrainingJob")
    assert may("sagemaker:CreateTrainingJob") <= may("sagemaker:StopTrainingJob")


def test_a_job_may_ask_every_judge_and_teacher_that_a_run_may_name(every: Synthesis) -> None:
    keys = [key for template in catalogue().templates.values() for key in template.keys]
    judges = {choice for key in keys if key.name == JUDGE for choice in key.bounds.choices}
    teachers = {
        str(row.defaults["teacher_model_id"]).removeprefix("us.")
        for row in catalogue().training
        if row.students and "training-job" in row.platforms
    }
    assert judges - {""} == {f"bedrock/{name}" for name in JUDGES}
    assert teachers == set(TEACHERS)
    may_ask = {
        every.flat(resource).rpartition("/")[2]
        for who, statement in statements(every)
        if who == "<TrainingJobsTrainingRole>" and "bedrock:InvokeModel" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert may_ask == set(JUDGES)


def test_a_job_may_call_reward_functions_and_nothing_else(every: Synthesis) -> None:
    called = {
        (who, every.flat(resource).rpartition(":")[2])
        for who, statement in statements(every)
        if who.startswith("<TrainingJobs") and "lambda:InvokeFunction" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert called == {("<TrainingJobsTrainingRole>", "SageMaker*")}


def test_a_pure_decision_may_only_write_its_log(every: Synthesis) -> None:
    may = {
        action
        for who, statement in statements(every)
        if who == "<HandlersDecideGateRole>"
        for action in listed(statement["Action"])
    }
    assert may == {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_check_of_a_run_reads_the_recipes_that_it_was_sent_with_and_no_data(every: Synthesis) -> None:
    read = {
        every.flat(resource)
        for who, statement in statements(every)
        if who == "<HandlersValidateRunRole>" and "s3:GetObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }
    assert read
    assert all(resource.endswith("/hub-recipes/*") for resource in read)


def test_the_escrow_bucket_is_not_expected_in_our_account(every: Synthesis) -> None:
    (statement,) = (
        statement
        for who, statement in statements(every)
        if who == "<CustomModelsModelRole>" and "s3:GetObject" in listed(statement["Action"])
    )
    assert "Condition" not in statement
    assert "customer-escrow-" in every.flat(statement["Resource"])


def key_actions(synthesis: Synthesis, who: str, *, through: str) -> set[str]:
    """Actions on the key that `who` may use through the service `through`."""
    return {
        action
        for name, statement in statements(synthesis)
        if name == who
        and f"{through}.{synthesis.environment.region}.amazonaws.com"
        == statement.get("Condition", {}).get("StringEquals", {}).get("kms:ViaService")
        for action in listed(statement["Action"])
    }


def test_whoever_makes_or_swaps_a_model_may_have_its_key_used(every: Synthesis) -> None:
    makers = {
        who
        for who, statement in statements(every)
        for action in listed(statement["Action"])
        if action.startswith(("bedrock:CreateCustomModel", "bedrock:UpdateCustomModel"))
    }
    assert {"<HandlersCreateModelRole>", "<HandlersRollBackRole>", "<HandlersReleaseRunRole>"} <= makers
    needed = {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"}
    for maker in makers | {"<CustomModelsModelRole>"}:
        assert key_actions(every, maker, through="bedrock") == needed


def test_whoever_asks_a_custom_model_may_have_its_key_used(every: Synthesis) -> None:
    askers = {
        who
        for who, statement in statements(every)
        if "bedrock:InvokeModel" in listed(statement["Action"])
        and any("custom-model" in every.flat(model) for model in listed(statement["Resource"]))
    }
    assert "<HandlersSmokeTestRole>" in askers
    for asker in askers:
        assert key_actions(every, asker, through="bedrock") == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_a_job_that_names_a_key_for_its_output_may_encrypt_with_it(every: Synthesis) -> None:
    (encrypt,) = (
        statement
        for who, statement in statements(every)
        if who == "<TrainingJobsTrainingRole>" and "kms:Encrypt" in listed(statement["Action"])
    )
    assert every.flat(encrypt["Resource"]) == "<Key>"
    assert "Condition" not in encrypt
