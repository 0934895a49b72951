"""Resolving a request to a recipe, or to the problems with it."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from atelier.errors import UnsupportedCombination
from atelier.recipes.render import document
from tests.fixtures.recipes import recipe, refusal, value


def test_a_request_without_an_instance_type_gets_the_cheapest_recipe() -> None:
    chosen = recipe()
    assert (chosen.instance_type, chosen.replicas) == ("ml.g5.12xlarge", 1)


def test_an_instance_type_chooses_its_recipe_and_that_recipes_replicas() -> None:
    chosen = recipe(instance_type="ml.p4d.24xlarge")
    assert chosen.row.name == "nova_micro_1_0_p5_p4d_gpu_lora_sft"
    assert (chosen.instance_type, chosen.replicas, value(chosen, "max_length")) == (
        "ml.p4d.24xlarge",
        2,
        32768,
    )


def test_replicas_choose_the_first_recipe_that_has_them() -> None:
    chosen = recipe(replicas=4)
    assert (chosen.instance_type, chosen.replicas) == ("ml.p5.48xlarge", 4)


def test_replicas_that_no_recipe_has_name_those_that_exist() -> None:
    assert "accepted: 1 on ml.g5.12xlarge, ml.g6.12xlarge" in refusal(UnsupportedCombination, replicas=3)


def test_an_unknown_instance_type_names_those_that_work() -> None:
    message = refusal(UnsupportedCombination, instance_type="ml.p3.2xlarge")
    assert "stages.0.instance_type = 'ml.p3.2xlarge': nova-micro sft lora runs on ml.g5.12xlarge" in message


class TestDataMixing:
    MIXING: ClassVar = {
        "base_model": "nova-2-lite",
        "platform": "hyperpod-eks",
        "platforms_here": ("hyperpod-eks",),
        "data_mixing": {"customer": 70, "nova": {"code": 60.5, "made-up": 39.5}},
    }

    def test_is_a_block_of_the_recipe(self) -> None:
        assert document(recipe(**self.MIXING), job_name="job", model="m")["data_mixing"] == {
            "sources": {
                "customer_data": {"percent": 70},
                "nova_data": {"code": {"percent": 60.5}, "made-up": {"percent": 39.5}},
            }
        }

    def test_warns_of_categories_that_aws_has_not_published(self) -> None:
        warnings = recipe(**self.MIXING).warnings
        assert warnings[0].startswith("stages.0.data_mixing.nova.made-up: not among the categories that AWS")
        assert warnings[1] == "stages.0.data_mixing: needs a subscription to Nova Forge"


@pytest.mark.parametrize(
    ("teacher", "row"), [(None, "nova_pro_1_0_r5"), ("nova-premier", "nova_premier_1_0_r5")]
)
def test_a_distillation_is_a_recipe_of_its_teacher(teacher: str | None, row: str) -> None:
    chosen = recipe(technique="distillation", teacher=teacher, base_model="nova-lite")
    assert chosen.row.name == f"{row}_cpu_distill"
    assert chosen.base_model.name == (teacher or "nova-pro")
    assert (chosen.instance_type, chosen.replicas) == ("ml.r5.24xlarge", 1)


def test_a_reward_function_is_asked_for_where_a_recipe_calls_one_and_refused_elsewhere() -> None:
    requested: dict[str, Any] = {"base_model": "nova-2-lite", "technique": "rft"}
    assert "stages.0.reward_lambda_arn: required: nova_lite_v2_smtj_p5_p5en_gpu_lora_rft calls" in refusal(
        **requested
    )
    inputs = {"reward_lambda_arn": "arn"}
    run = document(recipe(inputs=inputs, **requested), job_name="job", model="m")
    assert run["run"]["reward_lambda_arn"] == "arn"
    assert run["training_config"]["rollout"]["rewards"]["api_endpoint"]["lambda_arn"] == "arn"
    assert "reward_lambda_arn = 'arn': nova_micro_1_0_g5_g6_12x_gpu_lora_sft calls no reward" in refusal(
        inputs=inputs
    )


def test_a_task_fills_its_strategy_and_metric_in_and_a_subtask_must_be_one_of_its() -> None:
    requested: dict[str, Any] = {"technique": None, "adaptation": None, "task": "bbh"}
    chosen = recipe(inputs={"subtask": "snarks"}, **requested)
    assert document(chosen, job_name="job", model="m")["evaluation"] == {
        "task": "bbh",
        "strategy": "fs_cot",
        "metric": "accuracy",
        "subtask": "snarks",
    }
    assert "evaluate bbh with few examples" in chosen.warnings[0]
    assert "stages.0.subtask = 'snark': did you mean 'snarks'?" in refusal(
        inputs={"subtask": "snark"}, **requested
    )
    gpqa = requested | {"task": "gpqa", "inputs": {"subtask": "physics"}}
    assert "stages.0.subtask = 'physics': gpqa has none; leave it out" in refusal(**gpqa)


def test_the_batch_of_ppo_that_aws_itself_ships_is_a_warning() -> None:
    requested: dict[str, Any] = {
        "technique": "ppo",
        "adaptation": "full",
        "platform": "hyperpod-eks",
        "platforms_here": ("hyperpod-eks",),
    }
    assert any("global_batch_size = 256: accepted, although" in text for text in recipe(**requested).warnings)
    assert "one of 256" in refusal(settings={"global_batch_size": 160}, **requested)
    follows = recipe(settings={"learning_rate": 1e-6}, **requested)
    assert value(follows, "critic_learning_rate") == 1e-6


def test_a_key_that_must_be_given_is_asked_for_when_the_recipe_is_written() -> None:
    with pytest.raises(
        ValueError, match=r"training_config.customer_bucket has no value; supply 'customer_bucket'"
    ):
        document(recipe(technique="distillation"), job_name="job", model="")


def test_a_value_that_another_instance_type_allows_says_so() -> None:
    message = refusal(settings={"max_length": 32768})
    assert "max_length = 32768: must be at least 1024 and at most 8192 and a multiple of 1024" in message
    assert (
        "the same hyperparameters are accepted on ml.p5.48xlarge, ml.p4d.24xlarge, ml.p5en.48xlarge"
        in message
    )


def test_p4d_has_a_shorter_limit_than_p5_in_the_same_recipe() -> None:
    requested: dict[str, Any] = {"technique": "dpo", "settings": {"max_length": 32768}}
    assert value(recipe(instance_type="ml.p5.48xlarge", **requested), "max_length") == 32768
    assert "at most 16384" in refusal(instance_type="ml.p4d.24xlarge", **requested)


@pytest.mark.parametrize("text", ["1e-5", "1.0e-05", "0.00001"])
def test_a_learning_rate_that_yaml_read_as_text_is_a_number(text: str) -> None:
    assert value(recipe(settings={"learning_rate": text}), "learning_rate") == 1e-5


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("learning_rate", True),
        ("learning_rate", "fast"),
        ("learning_rate", None),
        ("learning_rate", float("inf")),
        ("max_epochs", 1.5),
        ("max_epochs", "2"),
        ("max_epochs", True),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(name: str, wrong: object) -> None:
    assert f"stages.0.hyperparameters.{name} = {wrong!r}: must be a" in refusal(settings={name: wrong})


def test_a_bound_that_a_value_must_lie_above_is_itself_refused() -> None:
    assert "learning_rate = 0.0: must be above 0 and at most 1" in refusal(settings={"learning_rate": 0})


def test_the_lowest_learning_rate_must_be_below_the_learning_rate_even_by_default() -> None:
    message = refusal(settings={"learning_rate": 1e-7})
    assert (
        "min_lr = 1e-06: must be at least 0 and at most 1 and less than learning_rate (the default)"
        in message
    )


def test_save_steps_follow_max_steps_and_may_not_exceed_them() -> None:
    assert value(recipe(base_model="nova-2-lite", settings={"max_steps": 40}), "save_steps") == 40
    assert "save_steps = 50: must be at least 1 and at most max_steps" in refusal(
        base_model="nova-2-lite", settings={"max_steps": 40, "save_steps": 50}
    )


def test_full_rank_has_no_lora_settings() -> None:
    assert "lora_alpha = 64: unknown" in refusal(adaptation="full", settings={"lora_alpha": 64})


def test_replicas_on_which_aws_contradicts_itself_are_accepted_with_a_warning() -> None:
    chosen = recipe(base_model="nova-2-lite", replicas=1)
    assert chosen.replicas == 1
    assert chosen.warnings[0].startswith("stages.0.replicas = 1: the recipe file ships and allows 1")


def test_an_unknown_base_model_names_the_nearest() -> None:
    assert "base_model = 'nova-micor': did you mean 'nova-micro'?" in refusal(base_model="nova-micor")


def test_null_is_a_value_where_the_catalogue_says_so() -> None:
    requested: dict[str, Any] = {
        "base_model": "nova-2-lite",
        "task": "gen_qa",
        "technique": None,
        "adaptation": None,
    }
    assert value(recipe(settings={"reasoning_effort": None}, **requested), "reasoning_effort") is None
    assert value(recipe(settings={"reasoning_effort": "low"}, **requested), "reasoning_effort") == "low"
    assert "must be one of null, low, high" in refusal(settings={"reasoning_effort": "some"}, **requested)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lr", "the run file's name for the recipe's lr is 'learning_rate'"),
        ("alpha", "the run file's name for the recipe's alpha is 'lora_alpha'"),
        ("peft_scheme", "training_config.model.peft.peft_scheme cannot be set in a run file; leave it out"),
        ("learning_rat", "did you mean 'learning_rate'?"),
    ],
)
def test_a_setting_by_the_name_that_it_has_in_the_recipe_file_is_told_by_its_own(
    name: str, expected: str
) -> None:
    assert f"hyperparameters.{name} = 1: unknown; {expected}" in refusal(settings={name: 1})


def test_the_teacher_is_chosen_by_its_name_and_not_by_a_setting_that_aws_forbids_to_change() -> None:
    settings = {"teacher_model_id": "us.amazon.nova-premier-v1:0"}
    message = refusal(technique="distillation", teacher="nova-pro", settings=settings)
    assert "must be one of us.amazon.nova-pro-v1:0 in nova_pro_1_0_r5_cpu_distill" in message
