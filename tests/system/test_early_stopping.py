"""A stage that overfits is stopped, and what comes of it is its best checkpoint.

Slow because a job really trains until the deployed Settle stops it (tens of seconds).
"""

from __future__ import annotations

from typing import Any

import pytest

from atelier.operations.loss_log import validation_losses
from atelier.registry import TRAINING_JOB
from tests.fixtures.deployed_pipeline import EXAMPLES, DeployedPipeline, example

pytestmark = pytest.mark.system

ROWS = 64
MAX_STEPS = 4000


def overfitting(deployed: DeployedPipeline) -> dict[str, Any]:
    """The example's stage on so few rows that it learns them by heart, and one that goes on from its best."""
    document = example("early-stopping")
    few = deployed.folder / "few.jsonl"
    with (EXAMPLES / "data" / "train.jsonl").open() as rows:
        few.write_text("".join(next(rows) for _ in range(ROWS)))
    stage = document["stages"][0]
    stage["train"] = str(few)
    stage["early_stopping"] = {"metric": "validation_loss", "patience": 3, "min_delta": 0.01}
    stage["hyperparameters"] |= {"max_steps": MAX_STEPS, "save_steps": 10, "val_check_interval": 10}
    rest = {"technique": "sft", "train": str(few), "hyperparameters": {"max_length": 128, "max_steps": 4}}
    return {"name": "overfits", "base_model": document["base_model"], "stages": [stage, rest]}


def test_a_stage_that_overfits_is_stopped_and_its_best_checkpoint_is_kept(deployed: DeployedPipeline) -> None:
    run = deployed.run(overfitting(deployed))
    assert run.status == "ACCEPTED", run.cause
    job_name = f"{run.run_id}-s0"
    job = deployed.client("sagemaker").describe_training_job(TrainingJobName=job_name)
    assert job["TrainingJobStatus"] == "Stopped"
    stage, continued = deployed.report(run.run_id)["stages"]
    stop = stage["early_stop"]
    losses = validation_losses(deployed.pipeline.logs_of(TRAINING_JOB).logs(job_name), ("val_loss",))
    known = {step: loss for step, loss in losses.items() if step <= stop["step"]}
    assert stop["best_step"] == min(known, key=lambda step: known[step])
    assert max(losses) < MAX_STEPS
    assert stage["checkpoint"].endswith(f"/{job_name}/step_{stop['best_step']}")
    # The second stage could only start because the checkpoint is there.
    second = deployed.client("sagemaker").describe_training_job(TrainingJobName=continued["job_name"])
    assert second["HyperParameters"]["base_model_location"] == stage["checkpoint"]
