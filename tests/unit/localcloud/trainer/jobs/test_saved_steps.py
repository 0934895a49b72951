"""Recipes that count steps: what is measured and saved on the way, and what a stop leaves."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.trainer.jobs.container import run
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.model.checkpoint import Checkpoint
from tests.unit.localcloud.trainer.conftest import Job, conversation, steps_recipe

ROWS = [conversation(f"Where is order {number}?", f"Order {number} is late.") for number in range(10, 18)]


@pytest.fixture(autouse=True)
def sigterm_as_before() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def train(job: Job, **changes: Any) -> None:
    job.recipe(steps_recipe(**changes))
    job.channel("train", "train.jsonl", ROWS[:4])
    job.channel("validation", "validation.jsonl", ROWS[4:])
    run(job.opt_ml, job.environment)


def saved(job: Job) -> list[str]:
    return sorted(folder.name for folder in (job.opt_ml.root / "escrow").glob("*"))


def manifest(job: Job) -> str:
    named: str = json.loads((job.opt_ml.output_data / "manifest.json").read_text())["checkpoint_s3_bucket"]
    return named.rpartition("/")[2]


def lines_with(caplog: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if text in record.getMessage()]


@pytest.mark.parametrize("lora", [True, False])
def test_checkpoints_are_saved_and_the_loss_is_measured_as_often_as_the_recipe_says(
    job: Job, caplog: pytest.LogCaptureFixture, lora: bool
) -> None:
    caplog.set_level("INFO")
    train(job, lora=lora, max_steps=7, save_steps=3, val_check_interval=2)
    assert saved(job) == ["step_3", "step_6", "step_7"]
    assert manifest(job) == "step_7"
    measured = [line.split()[0] for line in lines_with(caplog, "val_loss")]
    assert measured == ["global_step=2", "global_step=4", "global_step=6"]


def test_a_training_may_have_more_steps_than_its_data_has_batches(
    job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    train(job, max_steps=5)
    assert len(lines_with(caplog, "reduced_train_loss")) == 5


def test_only_the_best_checkpoints_and_the_last_are_kept(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    train(job, max_steps=16, save_top_k=2, lr=0.2)
    losses = {
        int(line.split()[0].partition("=")[2]): float(line.partition("val_loss=")[2])
        for line in lines_with(caplog, "val_loss")
    }
    best = sorted(losses, key=lambda step: losses[step])[:2]
    assert saved(job) == sorted({f"step_{step}" for step in [*best, 16]})
    assert 16 not in best, "the rate is too low to overshoot: the test would not see the last one kept"


def test_nothing_is_measured_when_the_recipe_says_so(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    train(job, limit_val_batches=0)
    assert lines_with(caplog, "val_loss") == []
    assert manifest(job) == "step_8"


def sigterm_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service stops the job while it logs the step."""

    class Stopper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if f"global_step={step} reduced_train_loss" in record.getMessage():
                os.kill(os.getpid(), signal.SIGTERM)

    log = logging.getLogger("localcloud.trainer.jobs.sft")
    monkeypatch.setattr(log, "handlers", [Stopper()])
    log.setLevel(logging.INFO)


def test_a_stop_ends_the_training_after_its_step_and_the_manifest_names_the_last_checkpoint(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sigterm_at(5, monkeypatch)
    train(job, max_steps=1000)
    assert saved(job) == ["step_2", "step_4"]
    assert manifest(job) == "step_4"
    assert len(lines_with(caplog, "reduced_train_loss")) == 5
    Checkpoint.load(job.opt_ml.escrow_step(4))


def test_a_stop_before_the_first_checkpoint_leaves_no_manifest(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    sigterm_at(1, monkeypatch)
    train(job, max_steps=1000)
    assert not (job.opt_ml.output_data / "manifest.json").exists()


def test_a_key_that_the_trainer_does_not_have_is_refused(job: Job) -> None:
    with pytest.raises(JobFailed, match=r"training_config\.reasoning_enabled is True"):
        train(job, reasoning_enabled=True)
    with pytest.raises(JobFailed, match=r"unknown key 'training_config\.max_epochs'"):
        train(job, max_epochs=2)
