"""The example that proves the line: a run that is promoted, one that is rejected, one held to what serves.

Slow because each run really trains and evaluates a model (one core, tens of seconds each).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from atelier.registry import TRAINING_JOB
from client.executions import Execution
from tests.fixtures.deployed_pipeline import EXAMPLES, DeployedPipeline, example

pytestmark = pytest.mark.system

DEPLOYMENT = example("sft")["deployment"]["name"]


@pytest.fixture(scope="module")
def promoted(deployed: DeployedPipeline) -> Execution:
    """The SFT run from the base model."""
    return deployed.run(example("sft"))


def _metric(report: dict[str, Any], subject: str, metric: str) -> float:
    return next(float(score["metrics"][metric]) for score in report["scores"] if score["subject"] == subject)


def _first_row(dataset: str) -> dict[str, Any]:
    with (EXAMPLES / "data" / f"{dataset}.jsonl").open() as rows:
        row: dict[str, Any] = json.loads(rows.readline())
    return row


def test_the_sft_run_is_promoted_because_the_candidate_answers_nine_in_ten_calls(
    deployed: DeployedPipeline, promoted: Execution
) -> None:
    assert promoted.status == "PROMOTED", promoted.cause
    report = deployed.report(promoted.run_id)
    assert _metric(report, "baseline", "exact_match") <= 0.1
    assert _metric(report, "candidate", "exact_match") >= 0.9
    assert report["decision"]["passed"] is True
    # Curves and recipe are left out where they cannot be read: a missing permission shows only here.
    (training,) = report["training"]
    assert training["curves"]["reduced_train_loss"]
    assert "peft_scheme: lora" in training["recipe"]


def test_the_promoted_model_serves_behind_the_stable_name_and_the_temporary_deployment_is_gone(
    deployed: DeployedPipeline, promoted: Execution
) -> None:
    served = deployed.served()
    assert DEPLOYMENT in served["deployments"]
    assert promoted.run_id not in served["deployments"]
    assert promoted.run_id in served["models"]
    model = deployed.client("bedrock").get_custom_model(modelIdentifier=deployed.serving(DEPLOYMENT))
    assert model["modelName"] == promoted.run_id


def test_the_promoted_model_calls_the_right_tool_for_a_question_it_never_saw(
    deployed: DeployedPipeline, promoted: Execution
) -> None:
    held_out = _first_row("gen_qa")
    expected = json.loads(held_out["response"])
    deployment = deployed.client("bedrock").get_custom_model_deployment(
        customModelDeploymentIdentifier=DEPLOYMENT
    )
    answer = deployed.client("bedrock-runtime").converse(
        modelId=deployment["customModelDeploymentArn"],
        messages=[{"role": "user", "content": [{"text": held_out["query"]}]}],
        system=[{"text": held_out["system"]}],
        toolConfig=_first_row("train")["toolConfig"],
    )
    assert answer["stopReason"] == "tool_use"
    call = next(block["toolUse"] for block in answer["output"]["message"]["content"] if "toolUse" in block)
    assert {"name": call["name"], "arguments": call["input"]} == expected


def test_a_dpo_stage_that_ruins_the_task_is_rejected_and_leaves_nothing_behind(
    deployed: DeployedPipeline, promoted: Execution
) -> None:
    before, serving = deployed.served(), deployed.serving(DEPLOYMENT)
    rejected = deployed.run(example("dpo-too-hot"))
    assert rejected.status == "REJECTED", rejected.cause
    assert (deployed.served(), deployed.serving(DEPLOYMENT)) == (before, serving)
    report = deployed.report(rejected.run_id)
    assert _metric(report, "candidate", "exact_match") < _metric(report, "baseline", "exact_match")
    log = list(
        deployed.pipeline.logs_of(TRAINING_JOB).logs(f"{rejected.run_id}-s0", containing=["reward_accuracy="])
    )
    first, last = (float(text.split("reward_accuracy=")[1].split()[0]) for text in (log[0], log[-1]))
    assert last > first, "the objective that DPO optimises rose while the task was ruined"


def test_a_sane_dpo_stage_is_held_to_what_serves_and_promoted(
    deployed: DeployedPipeline, promoted: Execution
) -> None:
    sane = deployed.run(example("dpo"))
    assert sane.status == "PROMOTED", sane.cause
    report = deployed.report(sane.run_id)
    assert report["baseline"]["run_id"] == promoted.run_id
    model = deployed.client("bedrock").get_custom_model(modelIdentifier=deployed.serving(DEPLOYMENT))
    assert model["modelName"] == sane.run_id
