"""Fine-tuning of open weights by a recipe in llmft's form, on one rank."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from localcloud.trainer.jobs import llmft
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.jobs.training_loop import Stopped
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.ranks import InvalidRanks, Ranks
from tests.fixtures.llmft import OpenJob, chat


@pytest.fixture
def job(tmp_path: Path, untrained: Checkpoint) -> OpenJob:
    return OpenJob(tmp_path, untrained)


def train(job: OpenJob, *, stop_after: int | None = None) -> None:
    llmft.run(job.path, Ranks(), is_stopped=lambda step: step == stop_after)


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf"\b{name}=(-?[\d.]+(?:e[+-]?\d+)?)", caplog.text)]


@pytest.mark.parametrize("lora", [True, False])
def test_the_model_is_left_as_weights_that_a_next_stage_can_start_from(
    job: OpenJob, caplog: pytest.LogCaptureFixture, lora: bool
) -> None:
    caplog.set_level("INFO")
    job.recipe(lora=lora, max_epochs=10, learning_rate=1e-2)
    train(job)
    losses = logged(caplog, "reduced_train_loss")
    assert len(losses) == 20
    assert losses[-1] < 0.8 * losses[0]
    made = Checkpoint.load(job.output)
    assert made.adapter is None
    assert not np.array_equal(
        made.parameters["layers.0.ffn.up"],
        load_file(job.folder / "model" / "model.safetensors")["layers.0.ffn.up"],
    )
    assert sorted(file.name for file in job.output.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_an_adapter_stays_one_where_the_recipe_does_not_merge(job: OpenJob) -> None:
    job.recipe(merge_weights=False)
    train(job)
    assert Checkpoint.load(job.output).adapter is not None


def test_only_the_first_rank_leaves_the_model(tmp_path: Path) -> None:
    no_checkpoint: Any = None
    llmft.Model(tmp_path / "output", Ranks(rank=1, size=2), merges=True).save(1, no_checkpoint, None)
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_was_stopped_goes_on_to_the_same_model(
    job: OpenJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    train(job)
    whole = (job.output / "model.safetensors").read_bytes()
    caplog.clear()
    other = job.folder / "other" / "output"
    job.recipe(training_dir=str(other))
    with pytest.raises(Stopped, match="global_step=3"):
        train(job, stop_after=3)
    assert not other.exists()
    train(job)
    assert "going on after global_step=3" in caplog.text
    assert logged(caplog, "global_step")[-1] == 4
    assert (other / "model.safetensors").read_bytes() == whole


def test_a_snapshot_of_another_training_is_not_taken_up(
    job: OpenJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with pytest.raises(Stopped):
        train(job, stop_after=1)
    job.rows([chat("Where is it?", "Here.")] * 8)
    train(job)
    assert "is of another training" in caplog.text
    assert logged(caplog, "global_step")[-4:] == [1, 2, 3, 4]


def test_validation_rows_are_measured_after_every_epoch(
    job: OpenJob, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job.rows([chat("Where is order 99?", "It is late.")], "validation")
    job.recipe(validation=True, logging_steps=2)
    train(job)
    assert len(logged(caplog, "val_loss")) == 2
    assert len(logged(caplog, "reduced_train_loss")) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes": 2}, "trainer.num_nodes is 2; this job has 1"),
        ({"max_len": 65}, "training_args.max_len is 65; the model takes at most 64"),
        ({"trainer_type": "dpo"}, "training_config.training_args.trainer_type is 'dpo'"),
        ({"train_batch_size": 0}, "training_config.training_args.train_batch_size is 0"),
    ],
)
def test_a_recipe_is_refused_by_the_key_that_is_wrong(
    job: OpenJob, changes: dict[str, Any], message: str
) -> None:
    job.recipe(**changes)
    with pytest.raises(JobFailed, match=re.escape(message)):
        train(job)


def test_every_rank_has_as_many_rows_of_a_batch_as_any_other(job: OpenJob) -> None:
    job.recipe(nodes=3)
    with pytest.raises(JobFailed, match="train_batch_size is 4; for 3 ranks it must be a multiple"):
        llmft.run(job.path, Ranks(0, 3, 1))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"prompt": "a"}, "train.jsonl line 1: field 'messages' is missing"),
        ({"messages": [{"role": "robot", "content": "a"}]}, "messages[0].role: 'robot'; accepted: system"),
        (chat("word " * 60, "b"), "training_config.training_args.max_len allows 64"),
    ],
)
def test_a_row_that_is_wrong_is_named(job: OpenJob, row: dict[str, Any], message: str) -> None:
    job.rows([row])
    with pytest.raises(JobFailed, match=re.escape(message)):
        train(job)


def test_a_missing_model_is_named_by_its_key(job: OpenJob) -> None:
    (job.folder / "model" / "config.json").unlink()
    with pytest.raises(JobFailed, match=r"model_config\.model_name_or_path: .* does not hold"):
        train(job)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Ranks()),
        ({"RANK": "1", "WORLD_SIZE": "2", "MASTER_PORT": "29500"}, Ranks(1, 2, 29500)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4", "MASTER_PORT": "20007"}, Ranks(1, 4, 20007)),
        ({"RANK": "0", "WORLD_SIZE": "1", "MASTER_PORT": "29500"}, Ranks()),
    ],
)
def test_a_rank_knows_its_place_by_its_environment(environ: dict[str, str], expected: Ranks) -> None:
    assert Ranks.from_environ(environ) == expected


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"RANK": "2", "WORLD_SIZE": "2", "MASTER_PORT": "1"}, "rank = 2: it must be at least 0 and less"),
        ({"RANK": "0", "WORLD_SIZE": "2"}, "MASTER_PORT is not set"),
        ({"RANK": "first", "WORLD_SIZE": "2"}, "RANK = 'first': it must be a whole number"),
    ],
)
def test_a_rank_without_a_place_is_an_error(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidRanks, match=re.escape(message)):
        Ranks.from_environ(environ)
