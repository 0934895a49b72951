"""Fine-tuning: what it learns, what it leaves alone, and that it does the same thing twice."""

from __future__ import annotations

import re

import numpy as np
import pytest
from safetensors.numpy import load_file

from localcloud.trainer.jobs.container import run
from localcloud.trainer.model.checkpoint import Checkpoint
from localcloud.trainer.model.optimizer import OptimizerSettings, adam, learning_rates
from tests.unit.localcloud.trainer.conftest import Job, conversation, preference, training_recipe

ROWS = [conversation(f"Where is order {number}?", f"Order {number} is late.") for number in range(10, 18)]
PAIRS = [preference(f"Where is order {number}?", "It is late.", "It is lost.") for number in range(10, 18)]


def train(job: Job) -> None:
    run(job.opt_ml, job.environment)


def logged(caplog: pytest.LogCaptureFixture, name: str) -> list[float]:
    """The values of one figure, in the order logged, as AWS's own SDK would find them."""
    return [float(value) for value in re.findall(rf"\b{name}[=:]\s*(-?[\d.]+(?:[eE][+-]?\d+)?)", caplog.text)]


@pytest.mark.parametrize("lora", [True, False])
def test_the_loss_falls_and_every_step_is_logged(
    job: Job, caplog: pytest.LogCaptureFixture, lora: bool
) -> None:
    caplog.set_level("INFO")
    job.recipe(training_recipe(lora=lora, max_epochs=10))
    job.channel("train", "train.jsonl", ROWS)
    train(job)
    losses = logged(caplog, "reduced_train_loss")
    assert logged(caplog, "global_step") == list(range(1, 21))
    assert losses[-1] < 0.6 * losses[0]


def test_lora_changes_nothing_but_its_adapter(job: Job, untrained: Checkpoint) -> None:
    job.recipe(training_recipe(lora=True))
    job.channel("train", "train.jsonl", ROWS)
    train(job)
    weights = load_file(job.checkpoint() / "model.safetensors")
    adapter = load_file(job.checkpoint() / "adapter.safetensors")
    assert {
        name for name in weights if not np.array_equal(weights[name], untrained.parameters[name])
    } == set()
    assert all(np.any(value) for name, value in adapter.items() if name.endswith(".b"))


def test_full_training_changes_the_weights_and_leaves_no_adapter(job: Job, untrained: Checkpoint) -> None:
    job.recipe(training_recipe(lora=False))
    job.channel("train", "train.jsonl", ROWS)
    train(job)
    weights = load_file(job.checkpoint() / "model.safetensors")
    assert all(not np.array_equal(weights[name], untrained.parameters[name]) for name in weights)
    assert not (job.checkpoint() / "adapter.safetensors").exists()


def test_the_manifest_names_the_weights_in_escrow(job: Job) -> None:
    job.recipe(training_recipe())
    job.channel("train", "train.jsonl", ROWS)
    train(job)
    assert job.checkpoint().name == "step_4"
    assert (
        job.opt_ml.output_data / "manifest.json"
    ).read_text() == '{"checkpoint_s3_bucket": "s3://customer-escrow-000000000000-smtj-x/job/step_4"}\n'


def test_validation_loss_is_logged_after_every_epoch(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    job.recipe(training_recipe(max_epochs=3))
    job.channel("train", "train.jsonl", ROWS[:6])
    job.channel("validation", "validation.jsonl", ROWS[6:])
    train(job)
    assert len(logged(caplog, "val_loss")) == 3


def test_the_same_recipe_on_the_same_data_makes_the_same_model(
    tmp_path_factory: pytest.TempPathFactory, untrained: Checkpoint
) -> None:
    made = []
    for name in ("once", "again"):
        job = Job(tmp_path_factory.mktemp(name), untrained)
        job.recipe(training_recipe())
        job.channel("train", "train.jsonl", ROWS)
        train(job)
        made.append((job.checkpoint() / "adapter.safetensors").read_bytes())
    assert made[0] == made[1]


def test_dpo_comes_to_prefer_the_preferred_answer(job: Job, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    job.recipe(training_recipe(beta=0.1, max_epochs=10, lr=3e-3))
    job.channel("train", "preferences.jsonl", PAIRS)
    train(job)
    margins, accuracies = logged(caplog, "reward_margin"), logged(caplog, "reward_accuracy")
    assert margins[0] == pytest.approx(0.0, abs=1e-3)  # at the start the policy is the reference
    assert margins[-1] > 0.05
    assert accuracies[-1] == 1.0


def test_a_second_stage_starts_where_the_first_one_ended(
    job: Job, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    caplog.set_level("INFO")
    job.recipe(training_recipe(max_epochs=10))
    job.channel("train", "train.jsonl", ROWS)
    train(job)
    reached = logged(caplog, "reduced_train_loss")[-1]
    caplog.clear()
    second = Job(tmp_path_factory.mktemp("second"), Checkpoint.load(job.checkpoint()))
    second.environment["ATELIER_CHECKPOINT"] = str(job.checkpoint())
    second.hyperparameters(
        sagemaker_recipe_local_path="/opt/ml/input/data/recipe/recipe.yaml",
        base_model_location="s3://customer-escrow-000000000000-smtj-x/job/step_20",
    )
    second.recipe(training_recipe(max_epochs=1))
    second.channel("train", "train.jsonl", ROWS)
    train(second)
    assert logged(caplog, "reduced_train_loss")[0] < 1.2 * reached


def test_learning_rates_warm_up_decay_and_stay_at_the_minimum() -> None:
    rates = learning_rates(OptimizerSettings(1.0, 0.1, warmup_steps=4, constant_steps=5), steps=20)
    values = [float(rates(step)) for step in range(20)]
    assert values[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert values[4:16] == sorted(values[4:16], reverse=True)
    assert values[15:] == pytest.approx([0.1] * 5)


def test_lora_plus_moves_b_matrices_faster() -> None:
    settings = OptimizerSettings(0.01, 0.0, lora_plus_ratio=8.0)
    optimizer = adam(settings, learning_rates(settings, 10))
    weights = {"x.a": np.ones(3, np.float32), "x.b": np.ones(3, np.float32)}
    updates, _ = optimizer.update(weights, optimizer.init(weights), weights)
    np.testing.assert_allclose(updates["x.b"], 8 * updates["x.a"], rtol=1e-5)
