"""State SubmitEvaluation."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lambdas.handlers.submit_evaluation import handler
from tests.fixtures.handlers import World
from tests.fixtures.runs import BUCKET, RUN_ID, a_run

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"


def an_event(**changes: Any) -> dict[str, Any]:
    event = {"run_id": RUN_ID, "run": a_run(), "evaluation_index": 0, "task_token": "token-1"}
    return event | changes


@pytest.mark.parametrize(
    ("subject", "model", "step", "hyperparameter"),
    [
        ("candidate", CHECKPOINT, "e0c", "base_model_location"),
        ("baseline", "nova-micro/prod", "e0b", "base_model"),
    ],
)
def test_submit_evaluates_the_model_it_was_given(
    world: World, subject: str, model: str, step: str, hyperparameter: str
) -> None:
    handler(an_event(subject=subject, model=model), None)
    request = world.operations.rows[RUN_ID, step].request
    assert request["HyperParameters"][hyperparameter] == model
    recipe = yaml.safe_load(world.objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/recipe/{step}/recipe.yaml"])
    assert recipe["evaluation"] == {"task": "gen_qa", "strategy": "gen_qa", "metric": "all"}
    assert recipe["run"]["model_name_or_path"] == model


def test_the_evaluation_reads_the_dataset_as_a_plain_object_and_writes_beside_the_training(
    world: World,
) -> None:
    handler(an_event(subject="candidate", model=CHECKPOINT), None)
    request = world.operations.rows[RUN_ID, "e0c"].request
    source = request["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    assert (source["S3DataType"], source["S3Uri"]) == ("S3Prefix", f"s3://{BUCKET}/datasets/b/gen_qa.jsonl")
    assert request["OutputDataConfig"]["S3OutputPath"] == f"s3://{BUCKET}/runs/{RUN_ID}/evaluation/"
