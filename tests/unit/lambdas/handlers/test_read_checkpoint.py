"""State ReadCheckpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atelier.errors import CheckpointMissing
from lambdas.handlers.read_checkpoint import handler
from tests.fixtures.handlers import World
from tests.fixtures.objects import tar_gz
from tests.fixtures.runs import BUCKET, RUN_ID, a_run, a_stage

JOB = {
    "job_name": f"{RUN_ID}-s0",
    "job_arn": f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{RUN_ID}-s0",
    "output_s3_path": f"s3://{BUCKET}/runs/{RUN_ID}/output/",
    "seconds": 60,
}
ARCHIVE = f"s3://{BUCKET}/runs/{RUN_ID}/output/{RUN_ID}-s0/output/output.tar.gz"
CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/job/step_40"


def an_event(**changes: Any) -> dict[str, Any]:
    return {"run_id": RUN_ID, "run": a_run(), "stage_index": 0, "job": JOB, "checkpoint": None} | changes


def test_read_checkpoint_returns_what_the_manifest_names(world: World) -> None:
    manifest = json.dumps({"checkpoint_s3_bucket": CHECKPOINT}).encode()
    world.objects.stored[ARCHIVE] = tar_gz({"./manifest.json": manifest})
    result = handler(an_event(), None)
    assert result == {"checkpoint": CHECKPOINT, "stage_index": 0, "job_name": f"{RUN_ID}-s0"}


def test_read_checkpoint_names_the_archive_that_is_missing(world: World) -> None:
    with pytest.raises(CheckpointMissing, match=r"output\.tar\.gz: there is no such object"):
        handler(an_event(), None)


def test_read_checkpoint_keeps_the_best_step_of_a_job_that_was_stopped_early(world: World) -> None:
    manifest = json.dumps({"checkpoint_s3_bucket": CHECKPOINT}).encode()
    world.objects.stored[ARCHIVE] = tar_gz({"manifest.json": manifest})
    stop = {"step": 40, "best_step": 20, "best_loss": 0.5, "reason": "no better"}
    result = handler(an_event(job=JOB | {"early_stop": stop}), None)
    assert result["checkpoint"] == CHECKPOINT.replace("step_40", "step_20")
    assert result["early_stop"] == stop


def test_after_a_distillation_the_checkpoint_is_the_one_before_and_the_dataset_is_named(world: World) -> None:
    folder = "s3://customer-escrow-111122223333-smtj-x/job/distillation_data/"
    manifest = json.dumps({"distillation_data": folder}).encode()
    world.objects.stored[ARCHIVE] = tar_gz({"distillation_data/manifest.json": manifest})
    distil = a_stage(technique="distillation", teacher="nova-pro")
    result = handler(an_event(run=a_run(stages=[distil, {"technique": "sft"}]), checkpoint=CHECKPOINT), None)
    assert result["checkpoint"] == CHECKPOINT
    assert result["dataset"] == f"{folder}training_data.jsonl"
