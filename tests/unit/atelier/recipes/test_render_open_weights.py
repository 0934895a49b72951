"""The rows of open weights: their rendering is AWS's file, and unknown parts are reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

from atelier.recipes.catalogue import catalogue
from atelier.recipes.render import document
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import examine, resolve
from atelier.recipes.rows import RecipeRow
from tests.fixtures.paths import ROOT
from tests.fixtures.recipes import default_recipe, has_a_file, only, recipe, refusal, request_for

REFERENCE = ROOT.parent / "shared" / "reference" / "recipes"
FAMILIES = ("llama", "qwen", "deepseek", "gpt_oss", "gemma", "nemotron")
TRAINING = [row for family in FAMILIES for row in catalogue().training.of(family)]
EVALUATION = [row for family in FAMILIES for row in catalogue().evaluation.of(family)]
ROWS: list[RecipeRow] = [*TRAINING, *EVALUATION]

# What only AWS's launcher and hub read of a recipe file.
LAUNCHER = {"display_name", "instance_types", "version"}


def aws_file(name: str) -> dict[str, Any]:
    (path,) = REFERENCE.rglob(f"{name}.yaml")
    return resolved(yaml.safe_load(path.read_text()))


def resolved(content: dict[str, Any]) -> dict[str, Any]:
    """A recipe file as AWS's launcher composes it: under `recipes`, with its interpolations resolved."""
    composed = OmegaConf.create({"recipes": content, "base_results_dir": "/results"})
    return dict(OmegaConf.to_container(composed.recipes, resolve=True))  # type: ignore[arg-type]


@pytest.mark.skipif(not REFERENCE.exists(), reason="AWS's recipe files are not here")
@pytest.mark.parametrize(
    "name",
    [
        "llmft_llama3_1_8b_instruct_seq4k_gpu_sft_lora",
        "llmft_qwen3_8b_seq4k_gpu_dpo",
        "llmft_gpt_oss_20b_seq4k_gpu_sft_fft",
        "verl-grpo-rlvr-qwen-3-dot-5-9b-lora",
    ],
)
def test_the_default_recipe_equals_the_file_that_aws_ships(name: str) -> None:
    (row,) = [row for row in TRAINING if row.name == name]
    theirs = aws_file(name)
    recipe = default_recipe(row, platform="training-job")
    # AWS's file names no reward function; a run must.
    recipe = replace(recipe, inputs={})
    ours = document(recipe, job_name=theirs["run"]["name"], model=recipe.base_model.model)
    assert set(row.instance_types) == set(theirs["instance_types"])
    # In AWS's file a folder of its launcher, in ours where a training job leaves its model.
    theirs["run"]["results_dir"] = "/opt/ml/model"
    assert ours == {key: value for key, value in theirs.items() if key not in LAUNCHER}


@pytest.mark.skipif(not REFERENCE.exists(), reason="AWS's recipe files are not here")
@pytest.mark.parametrize(
    ("name", "model", "inputs"),
    [
        ("open_source_deterministic_eval", "gpt-oss-20b", {"strategy": "zs_cot", "hub_name": ""}),
        ("open_source_llmaj_eval", "gpt-oss-20b", {}),
    ],
)
def test_the_default_evaluation_equals_the_file_that_aws_ships(
    name: str, model: str, inputs: dict[str, str]
) -> None:
    (row,) = [row for row in EVALUATION if row.name == f"{name}_{model}"]
    theirs = aws_file(name)
    recipe = default_recipe(row, inputs={})
    assert document(recipe, job_name=theirs["run"]["name"], model="", inputs=inputs) == theirs


@pytest.mark.parametrize("row", [row for row in ROWS if not has_a_file(row)], ids=lambda row: row.name)
def test_a_recipe_of_which_only_the_settings_are_known_is_refused_where_a_file_is_needed(
    row: RecipeRow,
) -> None:
    for platform in row.platforms:
        problems = examine(request_for(row, platform=platform), only(row)).problems
        if catalogue().release.is_managed(platform):
            assert problems == ()
        else:
            (problem,) = problems
            assert f"cannot write the recipe file of {row.name}: this release knows" in str(problem)


def test_a_row_that_was_not_read_in_full_says_so_when_it_is_taken() -> None:
    derived = [row for row in TRAINING if "were not read" in row.source and row.instance_types]
    assert len(derived) > 50
    assert [row.name for row in derived if not row.note and row.template != "checkpointless"] == []
    recipe = default_recipe(derived[0])
    assert any(str(derived[0].note) in warning for warning in recipe.warnings)


def test_a_judging_model_asks_for_reinforcement_learning_from_its_feedback() -> None:
    requested: dict[str, Any] = {
        "path": "stages.0",
        "base_model": "llama-3-1-8b-instruct",
        "environment": "dev",
        "technique": "rft",
        "adaptation": "lora",
        "platform": "serverless",
        "platforms_here": ("serverless",),
    }
    preset = {"preset_reward_function": "gsm8k"}
    verifiable = resolve(RecipeRequest(**requested, settings=preset), catalogue())
    judge = "bedrock/openai.gpt-oss-20b-1:0"
    judged = resolve(RecipeRequest(**requested, settings={"judge_model_id": judge}), catalogue())
    assert verifiable.row.name == "verl-grpo-rlvr-llama-3-dot-1-8b-instruct-lora"
    assert judged.row.name == "verl-grpo-rlaif-llama-3-dot-1-8b-instruct-lora"
    assert verifiable.settings == preset
    assert judged.settings == {"judge_model_id": judge}


def test_dpo_writes_beta_where_llmft_reads_it() -> None:
    (row,) = [row for row in TRAINING if row.name == "llmft_qwen3_8b_seq4k_gpu_dpo"]
    recipe = default_recipe(row, settings={"beta": 0.05})
    written = document(recipe, job_name="job", model="m")
    assert written["training_config"]["training_args"]["beta"] == 0.05


def test_what_a_job_reads_and_writes_is_filled_in() -> None:
    (row,) = [row for row in TRAINING if row.name == "llmft_llama3_1_8b_instruct_seq4k_gpu_sft_lora"]
    inputs = {"train_file": "/opt/ml/input/data/train/rows.jsonl", "output_dir": "/opt/ml/model"}
    written = document(
        default_recipe(row, replicas=4), job_name="job", model="/opt/ml/input/data/model", inputs=inputs
    )
    config = written["training_config"]
    assert config["datasets"]["train_data"]["file_path"] == inputs["train_file"]
    assert config["training_args"]["training_dir"] == inputs["output_dir"]
    assert config["model_config"]["model_name_or_path"] == "/opt/ml/input/data/model"
    assert written["trainer"]["num_nodes"] == 4


def test_more_instances_than_aws_wrote_a_recipe_for_are_taken_with_a_warning() -> None:
    (row,) = [row for row in TRAINING if row.name == "llmft_gpt_oss_20b_seq4k_gpu_sft_fft"]
    assert default_recipe(row, replicas=1).warnings == ()
    (warning,) = default_recipe(row, replicas=4).warnings
    assert warning.startswith("stages.0.replicas = 4: AWS's override spec allows up to 128 instances")
    (problem,) = examine(request_for(row, replicas=5), only(row)).problems
    assert "1, 2, 4, 8, 16" in str(problem)


def test_slurm_runs_llmft_default_recipe() -> None:
    assert {row.template for row in TRAINING if "hyperpod-slurm" in row.platforms} == {
        "llmft_sft",
        "llmft_dpo",
    }


def test_bedrock_imports_what_it_knows_the_architecture_of() -> None:
    importable = {row.name for row in catalogue().base_models.values() if "bedrock-import" in row.deployments}
    assert {"llama-3-3-70b-instruct", "deepseek-r1-distill-qwen-7b", "gpt-oss-20b"} <= importable
    assert importable.isdisjoint({"llama-4-scout-17b-16e-instruct", "gpt-oss-120b", "gemma-4-31b-it"})


def test_a_judge_that_the_training_role_may_not_ask_is_refused_with_those_that_it_may() -> None:
    message = refusal(
        base_model="qwen-3-5-4b", technique="rft", settings={"judge_model_id": "bedrock/meta.llama3-v1:0"}
    )
    assert (
        "judge_model_id = 'bedrock/meta.llama3-v1:0': must be one of bedrock/openai.gpt-oss-120b" in message
    )


def test_a_judge_that_lives_in_few_regions_is_taken_with_a_warning() -> None:
    warnings = recipe(
        base_model="qwen-3-5-4b",
        technique="rft",
        settings={"judge_model_id": "bedrock/qwen.qwen3-235b-a22b-2507-v1:0"},
    ).warnings
    assert [warning for warning in warnings if "us-west-2 and ap-northeast-1 only" in warning]


def test_reinforcement_learning_needs_something_that_scores_the_answers() -> None:
    requested: dict[str, Any] = {"base_model": "qwen-3-5-4b", "technique": "rft"}
    assert (
        "stages.0.reward_lambda_arn: required to score the answers, unless the hyperparameter "
        "preset_reward_function is set (gsm8k, prime_code, prime_math)"
    ) in refusal(**requested)
    assert recipe(**requested, settings={"preset_reward_function": "gsm8k"}).inputs == {}
