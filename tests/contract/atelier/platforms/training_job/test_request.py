"""Our CreateTrainingJob request is what AWS's own SDK, version 3, sends for the same recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from atelier.jobs.run_jobs import Job, evaluation_job, training_job
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS, a_stage
from tests.fixtures.sagemaker_sdk import sent_by_model_trainer

# The SDK uses what its own dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore")

HERE = replace(SETTINGS, subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"

MODEL_TYPE = "HyperParameters.model_type"

# Every field in which we differ, and why.
DIFFERENCES = {
    "TrainingJobName": "the SDK's has the clock in it; ours is run and step, so that a retry finds its job",
    MODEL_TYPE: "version 2 of the SDK sends it: old containers find it, new ones ignore it",
    "InputDataConfig.recipe.DataSource.S3DataSource.S3Uri": "ours is under the run's prefix",
}


def stage_job(base_model: str, *, checkpoint: str | None = None, **stage: Any) -> Job:
    stages = [a_stage(**{"validation": f"s3://{BUCKET}/datasets/a/validation.jsonl"} | stage)]
    if stage.get("technique") == "distillation":
        stages.append({"technique": "sft"})
    return training_job(
        a_plan(base_model=base_model, stages=stages, deployment=None).stages[0],
        run_id=RUN_ID,
        stage_index=0,
        checkpoint=checkpoint,
        objects=FakeObjects(),
        environment=HERE,
    )


def measuring_job(base_model: str, model: str, **evaluation: Any) -> Job:
    (planned,) = a_plan(base_model=base_model, evaluation=[evaluation], gate=[], deployment=None).evaluations
    return evaluation_job(
        planned, run_id=RUN_ID, evaluation_index=0, subject="candidate", model=model, environment=HERE
    )


GEN_QA = {"task": "gen_qa", "dataset": f"s3://{BUCKET}/datasets/b/gen_qa.jsonl"}
REWARD = "arn:aws:lambda:us-east-1:111122223333:function:SageMaker-reward"

JOBS = {
    "sft-lora": stage_job("nova-micro", hyperparameters={"learning_rate": 3e-6}),
    "dpo-continued": stage_job("nova-pro", technique="dpo", replicas=12, checkpoint=CHECKPOINT),
    "nova-2-sft-full": stage_job("nova-2-lite", adaptation="full"),
    "rft": stage_job("nova-2-lite", technique="rft", reward_lambda_arn=REWARD, validation=None),
    "distillation": stage_job("nova-micro", technique="distillation", teacher="nova-pro", validation=None),
    "gen-qa-checkpoint": measuring_job("nova-2-lite", CHECKPOINT, **GEN_QA),
    "benchmark": measuring_job("nova-micro", "nova-micro/prod", task="mmlu", subtask="anatomy"),
    "judge": measuring_job(
        "nova-pro", CHECKPOINT, task="llm_judge", dataset=f"s3://{BUCKET}/datasets/b/llm_judge.jsonl"
    ),
    "rft-evaluation": measuring_job(
        "nova-2-lite",
        CHECKPOINT,
        task="rft_eval",
        dataset=f"s3://{BUCKET}/datasets/b/rows.jsonl",
        reward_lambda_arn=REWARD,
    ),
    "open-weights-sft": stage_job("llama-3-1-8b-instruct", replicas=2),
    "open-weights-gen-qa": measuring_job(
        "llama-3-1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct", **GEN_QA
    ),
}


def leaves(node: Any, path: str = "") -> dict[str, Any]:
    """Every value by path; channels and tags by their name, whose order means nothing."""
    if isinstance(node, list) and node and isinstance(node[0], Mapping):
        node = {item.get("ChannelName") or item["Key"]: item for item in node}
    if not isinstance(node, Mapping):
        return {path: node}
    return {p: v for key, child in node.items() for p, v in leaves(child, f"{path}.{key}".strip(".")).items()}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS.keys())
def test_our_request_equals_the_sdks_but_for_what_we_change_on_purpose(job: Job, tmp_path: Path) -> None:
    recipe_file = tmp_path / "recipe.yaml"
    recipe_file.write_text(job.recipe_yaml)
    request, uploaded = sent_by_model_trainer(str(recipe_file), like=job.request, bucket=BUCKET)
    ours, theirs = leaves(job.request), leaves(request)
    differing = {key for key in ours.keys() | theirs.keys() if ours.get(key, ...) != theirs.get(key, ...)}
    # Containers of open weights get only the path of their recipe.
    expected = set(DIFFERENCES) - (set() if "model_type" in job.request["HyperParameters"] else {MODEL_TYPE})
    assert differing == expected, json.dumps({key: (ours.get(key), theirs.get(key)) for key in differing})
    assert yaml.safe_load(uploaded) == yaml.safe_load(job.recipe_yaml)
