"""Our CreateTrainingJob request is what AWS's own SDK, version 3, sends for the same recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from atelier.runs import parse_run
from atelier.training.jobs import Job, evaluation_job, training_job
from tests.support.runs import BUCKET, RUN_ID, SETTINGS, a_run, a_stage
from tests.support.sagemaker_sdk import sent_by_model_trainer

# The SDK uses what its own dependencies deprecate.
pytestmark = pytest.mark.filterwarnings("ignore")

HERE = replace(SETTINGS, subnet_ids=("subnet-1",), security_group_ids=("sg-1",))
CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"

# Every field in which we differ, and why.
DIFFERENCES = {
    "TrainingJobName": "the SDK's has the clock in it; ours is run and step, so that a retry finds its job",
    "HyperParameters.model_type": "version 2 of the SDK sends it: old containers find it, new ones ignore it",
    "InputDataConfig.recipe.DataSource.S3DataSource.S3Uri": "ours is under the run's prefix",
}


def stage_job(base_model: str, *, checkpoint: str | None = None, **stage: Any) -> Job:
    stages = [a_stage(validation=f"s3://{BUCKET}/datasets/a/validation.jsonl", **stage)]
    run = parse_run(a_run(base_model=base_model, stages=stages))
    return training_job(run, run_id=RUN_ID, stage_index=0, checkpoint=checkpoint, environment=HERE)


def gen_qa_job(base_model: str, model: str) -> Job:
    run = parse_run(a_run(base_model=base_model))
    return evaluation_job(
        run, run_id=RUN_ID, evaluation_index=0, subject="candidate", model=model, environment=HERE
    )


JOBS = {
    "sft-lora": stage_job("nova-micro", hyperparameters={"learning_rate": 3e-6}),
    "dpo-continued": stage_job("nova-pro", technique="dpo", replicas=12, checkpoint=CHECKPOINT),
    "nova-2-sft-full": stage_job("nova-2-lite", adaptation="full"),
    "gen-qa-checkpoint": gen_qa_job("nova-2-lite", CHECKPOINT),
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
    assert differing == set(DIFFERENCES), json.dumps(
        {key: (ours.get(key), theirs.get(key)) for key in differing}
    )
    assert yaml.safe_load(uploaded) == yaml.safe_load(job.recipe_yaml)
