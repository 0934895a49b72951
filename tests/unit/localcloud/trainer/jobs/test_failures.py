"""What is wrong with a job's input is one message that names it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.trainer.jobs.container import run
from localcloud.trainer.jobs.failures import JobFailed
from tests.fixtures.paths import ROOT
from tests.unit.localcloud.trainer.conftest import (
    Job,
    conversation,
    evaluation_recipe,
    preference,
    training_recipe,
)


def _training(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    recipe = training_recipe()
    change(recipe["training_config"])
    return recipe


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (["not", "a", "mapping"], "the recipe must be a mapping"),
        (_training(lambda config: config.update(max_lenght=64)), "unknown key 'training_config.max_lenght'"),
        (_training(lambda config: config.pop("max_length")), "key 'training_config.max_length' is missing"),
        (
            _training(lambda config: config["model"]["optim"].update(lr="fast")),
            "training_config.model.optim.lr is 'fast'",
        ),
        (
            _training(lambda config: config["model"]["peft"].update(peft_scheme="qlora")),
            "training_config.model.peft.peft_scheme is 'qlora'; Input should be 'lora'",
        ),
        (
            _training(lambda config: config.update(max_length=65)),
            "max_length is 65; atelier.tiny-v1:0:256 takes at most 64",
        ),
        (
            evaluation_recipe() | {"processor": {"lambda_arn": "arn:aws:lambda:::function:x"}},
            "processor.lambda_arn is 'arn:aws:lambda:::function:x'",
        ),
    ],
)
def test_a_recipe_is_refused_by_the_key_that_is_wrong(job: Job, recipe: object, message: str) -> None:
    job.recipe(recipe)
    with pytest.raises(JobFailed) as failure:
        run(job.opt_ml, job.environment)
    assert message in str(failure.value)


def test_numbers_that_yaml_reads_as_text_are_numbers(job: Job) -> None:
    recipe = _training(lambda config: config["model"]["optim"].update(lr="1e-5"))  # what AWS's files hold
    job.recipe(recipe)
    job.channel("train", "train.jsonl", [conversation("a", "b")])
    run(job.opt_ml, job.environment)
    assert job.checkpoint().is_dir()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "train.jsonl: the dataset is empty"),
        ([conversation("a", "b"), {"messages": []}], "train.jsonl line 2: messages must alternate"),
        ([{"turns": []}], "train.jsonl line 1: field 'messages' is missing"),
        (
            [conversation("word " * 60, "b")],
            "train.jsonl line 1: the row is 244 tokens long; training_config.max_length allows 64",
        ),
        (
            [
                {
                    "messages": [
                        {"role": "user", "content": [{"image": {}}]},
                        {"role": "assistant", "content": []},
                    ]
                }
            ],
            "train.jsonl line 1: user: a content block holds ['image']",
        ),
    ],
)
def test_a_dataset_is_refused_by_the_row_that_is_wrong(
    job: Job, rows: list[dict[str, Any]], message: str
) -> None:
    job.recipe(training_recipe())
    job.channel("train", "train.jsonl", rows)
    with pytest.raises(JobFailed) as failure:
        run(job.opt_ml, job.environment)
    assert message in str(failure.value)


def test_a_preference_needs_one_answer_of_each_label(job: Job) -> None:
    row = preference("a", "b", "c")
    row["messages"][-1]["candidates"][1]["preferenceLabel"] = "preferred"
    job.recipe(training_recipe(beta=0.1))
    job.channel("train", "preferences.jsonl", [row])
    with pytest.raises(
        JobFailed, match=r"line 1: preferenceLabel must be 'preferred' once and 'non-preferred' once"
    ):
        run(job.opt_ml, job.environment)


def test_a_missing_channel_is_named(job: Job) -> None:
    job.recipe(training_recipe())
    with pytest.raises(JobFailed, match="input channel 'train' is missing"):
        run(job.opt_ml, job.environment)


def test_gen_qa_needs_its_exact_file_name(job: Job) -> None:
    job.recipe(evaluation_recipe())
    job.channel("train", "questions.jsonl", [{"query": "a", "response": "b"}])
    with pytest.raises(JobFailed, match=r"must be named gen_qa\.jsonl, got \['questions.jsonl'\]"):
        run(job.opt_ml, job.environment)


def test_an_unknown_base_model_is_named_with_the_known_ones(job: Job) -> None:
    job.recipe(training_recipe())
    job.hyperparameters(
        sagemaker_recipe_local_path="/opt/ml/input/data/recipe/recipe.yaml", base_model="nova-micro/prod"
    )
    with pytest.raises(JobFailed, match=r"must be one of \['atelier-tiny/prod'\], got 'nova-micro/prod'"):
        run(job.opt_ml, job.environment)


def test_a_recipe_outside_the_container_is_refused(job: Job) -> None:
    job.hyperparameters(
        sagemaker_recipe_local_path="/opt/ml/../../etc/passwd", base_model="atelier-tiny/prod"
    )
    with pytest.raises(JobFailed, match="must lie under /opt/ml"):
        run(job.opt_ml, job.environment)


def test_a_failed_process_leaves_its_message_and_exit_code_1(job: Job) -> None:
    job.recipe({"run": {}})
    ended = _process(job)
    output, _ = ended.communicate(timeout=60)
    message = "recipe: key 'run.name' is missing"
    assert ended.returncode == 1
    assert (job.opt_ml.root / "output" / "failure").read_text() == message
    assert message in output


def test_a_stopped_process_ends_at_once_without_a_manifest(job: Job) -> None:
    job.recipe(training_recipe(max_epochs=10_000))
    job.channel("train", "train.jsonl", [conversation("a", "b")])
    process = _process(job)
    assert process.stdout is not None
    first = next(line for line in process.stdout if line.startswith("global_step="))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)
    assert first.startswith("global_step=1 ")
    assert process.returncode == -signal.SIGTERM
    assert not (job.opt_ml.output_data / "manifest.json").exists()


def _process(job: Job) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], **job.environment}
    return subprocess.Popen(
        [sys.executable, "-m", "localcloud.trainer.jobs.container"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
