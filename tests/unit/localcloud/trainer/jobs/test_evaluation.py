"""The gen_qa job: results where AWS's container puts them."""

from __future__ import annotations

import json
import re

import pytest

from localcloud.trainer.jobs.container import run
from localcloud.trainer.jobs.failures import JobFailed
from localcloud.trainer.model.checkpoint import Checkpoint
from tests.unit.localcloud.trainer.conftest import Job, Recipe, evaluation_recipe

QUESTIONS = [
    {"query": "Where is order 12?", "response": "late", "metadata": "look_up_order"},
    {"query": "Where is order 13?", "response": "late", "system": "You help."},
]


def test_results_and_answers_lie_where_the_service_packs_them(job: Job) -> None:
    job.recipe(evaluation_recipe())
    job.channel("train", "gen_qa.jsonl", QUESTIONS)
    run(job.opt_ml, job.environment)
    folder = job.opt_ml.output_data / "a-run" / "eval_results"
    (results_file,) = folder.glob("results_*.json")
    assert re.fullmatch(r"results_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}\.json", results_file.name)
    results = json.loads(results_file.read_text())["results"]
    assert results["all"] == results["custom|gen_qa_gen_qa|0"]
    assert results["all"]["exact_match"] == 0.0
    answers = [json.loads(line) for line in (folder / "inference_output.jsonl").read_text().splitlines()]
    assert [(row["prompt"], row["gold"], row["metadata"]) for row in answers] == [
        ("Where is order 12?", "late", "look_up_order"),
        ("Where is order 13?", "late", ""),
    ]


def test_max_new_tokens_bounds_the_answers(job: Job) -> None:
    job.recipe(evaluation_recipe(max_new_tokens=1))
    job.channel("train", "gen_qa.jsonl", QUESTIONS)
    run(job.opt_ml, job.environment)
    lines = (job.opt_ml.output_data / "a-run" / "eval_results" / "inference_output.jsonl").read_text()
    assert all(len(json.loads(line)["inference"]) < 16 for line in lines.splitlines())


@pytest.fixture
def open_job(job: Job, untrained: Checkpoint) -> Job:
    """A job that finds open weights in channel `model`, and is told nothing but its recipe."""
    untrained.save(job.opt_ml.model_channel)
    job.hyperparameters(sagemaker_recipe_local_path="/opt/ml/input/data/recipe/recipe.yaml")
    job.channel("train", "gen_qa.jsonl", QUESTIONS)
    return job


def open_recipe(results: str = "/opt/ml/output/data", **processor: str) -> Recipe:
    """As Atelier fills AWS's recipe for an evaluation of open weights."""
    return {
        "evaluation": {"metric": "all", "strategy": "gen_qa", "subtask": "", "task": "gen_qa"},
        "inference": {
            "max_model_len": 12000,
            "max_new_tokens": 4,
            "temperature": 0,
            "top_k": -1,
            "top_p": 1.0,
        },
        "output": {"eval_results_dir": results, "eval_tensorboard_results_dir": "", "kms_key_id": ""},
        "processor": {"aggregation": "", "lambda_arn": "", "postprocessing": {"enabled": False}} | processor,
        "run": {
            "base_model_name": "atelier-tiny-open",
            "data_s3_path": "/opt/ml/input/data/train/",
            "model_name_or_path": "/opt/ml/input/data/model",
            "name": "a-run",
            "replicas": 1,
        },
    }


def test_open_weights_are_evaluated_from_their_channel_into_the_recipe_s_folder(open_job: Job) -> None:
    open_job.recipe(open_recipe())
    run(open_job.opt_ml, {})
    (results_file,) = open_job.opt_ml.output_data.glob("results_*.json")
    report = json.loads(results_file.read_text())
    assert report["config_general"]["model_name"] == "atelier-tiny-open"
    assert "exact_match" in report["results"]["custom|gen_qa_gen_qa|0"]
    assert (open_job.opt_ml.output_data / "inference_output.jsonl").exists()


def test_results_may_go_nowhere_but_into_the_job_s_folder(open_job: Job) -> None:
    open_job.recipe(open_recipe("/opt/ml/../../tmp"))
    with pytest.raises(JobFailed, match=r"output.eval_results_dir must lie under /opt/ml, got"):
        run(open_job.opt_ml, {})


def test_a_reward_function_is_refused_by_its_key(open_job: Job) -> None:
    open_job.recipe(open_recipe(preset_reward_function="prime_math"))
    with pytest.raises(JobFailed, match=r"processor.preset_reward_function is 'prime_math'"):
        run(open_job.opt_ml, {})
