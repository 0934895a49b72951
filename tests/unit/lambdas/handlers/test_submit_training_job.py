"""State SubmitTrainingJob."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import yaml

from atelier.errors import CapacityUnavailable, RunStopped
from atelier.operations.early_stopping import StopPolicy
from atelier.operations.model import OperationState
from atelier.registry import TRAINING_JOB
from lambdas.handlers.submit_training_job import handler
from tests.fixtures.handlers import World
from tests.fixtures.runs import BUCKET, RUN_ID, a_run, a_stage

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"


def an_event(**changes: Any) -> dict[str, Any]:
    event = {
        "run_id": RUN_ID,
        "run": a_run(),
        "stage_index": 0,
        "checkpoint": None,
        "stages": [],
        "task_token": "token-1",
    }
    return event | changes


def test_submit_records_the_operation_and_starts_the_job(world: World) -> None:
    handler(an_event(), None)
    operation = world.operations.rows[RUN_ID, "s0"]
    assert (operation.kind, operation.state, operation.token) == (
        TRAINING_JOB,
        OperationState.STARTED,
        "token-1",
    )
    assert world.jobs.starts == [f"{RUN_ID}-s0"]


def test_submit_puts_the_recipe_where_the_recipe_channel_points(world: World) -> None:
    handler(an_event(), None)
    channel = world.operations.rows[RUN_ID, "s0"].request["InputDataConfig"][-1]
    uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
    assert yaml.safe_load(world.objects.stored[uri])["run"]["name"] == f"{RUN_ID}-s0"
    assert uri.endswith("/recipe.yaml")


def test_the_deadline_lies_beyond_the_jobs_own_limit(world: World) -> None:
    handler(an_event(run=a_run(stages=[a_stage(max_runtime_hours=2)])), None)
    operation = world.operations.rows[RUN_ID, "s0"]
    assert operation.request["StoppingCondition"] == {"MaxRuntimeInSeconds": 7200}
    assert operation.deadline == world.now + 7200 + 6 * 3600


def test_a_second_stage_continues_from_the_checkpoint(world: World) -> None:
    handler(an_event(run=a_run(stages=[a_stage(), a_stage()]), stage_index=1, checkpoint=CHECKPOINT), None)
    request = world.operations.rows[RUN_ID, "s1"].request
    assert request["HyperParameters"]["base_model_location"] == CHECKPOINT
    assert "base_model" not in request["HyperParameters"]
    recipe = yaml.safe_load(world.objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/recipe/s1/recipe.yaml"])
    assert recipe["run"]["model_name_or_path"] == CHECKPOINT


def test_a_stage_after_a_distillation_learns_the_data_that_it_made(world: World) -> None:
    made = "s3://customer-escrow-111122223333-smtj-x/job/distillation_data/training_data.jsonl"
    stages = [a_stage(technique="distillation"), {"technique": "sft"}]
    before = {"stage_index": 0, "job_name": "job", "checkpoint": None, "dataset": made}
    handler(an_event(run=a_run(stages=stages), stage_index=1, stages=[before]), None)
    request = world.operations.rows[RUN_ID, "s1"].request
    assert [channel["ChannelName"] for channel in request["InputDataConfig"]] == ["recipe"]
    recipe = yaml.safe_load(world.objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/recipe/s1/recipe.yaml"])
    assert recipe["run"]["data_s3_path"] == made


def test_a_job_that_may_be_stopped_early_has_its_policy_on_record(world: World) -> None:
    stage = a_stage(
        validation=f"s3://{BUCKET}/datasets/a/validation.jsonl",
        early_stopping={"patience": 3, "min_delta": 0.01},
        hyperparameters={"max_steps": 500, "save_steps": 50, "val_check_interval": 100},
    )
    handler(an_event(run=a_run(base_model="nova-2-lite", stages=[stage])), None)
    assert world.operations.rows[RUN_ID, "s0"].stop_policy == StopPolicy(
        patience=3, min_delta=0.01, saved_every=50, loss_keys=("val_loss", "validation_loss")
    )


def test_a_retry_starts_no_second_job_and_takes_the_new_token(world: World) -> None:
    handler(an_event(), None)
    handler(an_event(task_token="token-2"), None)
    assert world.jobs.starts == [f"{RUN_ID}-s0"]
    assert world.operations.rows[RUN_ID, "s0"].token == "token-2"


def test_a_stopped_run_starts_nothing(world: World) -> None:
    world.operations.request_stop(RUN_ID)
    with pytest.raises(RunStopped):
        handler(an_event(), None)
    assert world.jobs.starts == []


def test_a_refusal_of_the_service_reaches_the_workflow_by_name(world: World) -> None:
    world.jobs.refuses = CapacityUnavailable("no ml.g5.12xlarge")
    with pytest.raises(CapacityUnavailable):
        handler(an_event(), None)


def test_the_log_names_run_and_step_and_never_the_token(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        handler(an_event(), None)
    record = caplog.records[-1]
    assert (record.message, record.__dict__["run_id"], record.__dict__["step"]) == (
        "job_submitted",
        RUN_ID,
        "s0",
    )
    assert "token-1" not in str([vars(record) for record in caplog.records])
