"""From a wish to a recipe, or to what is wrong with the wish."""

from __future__ import annotations

from typing import Any

import pytest

from atelier.errors import AtelierError, InvalidRun, UnsupportedCombination
from atelier.recipes import Recipe, Wanted, catalogue, resolve


def a_wish(**changes: Any) -> Wanted:
    wanted: dict[str, Any] = {
        "path": "stages.0",
        "base_model": "nova-micro",
        "environment": "dev",
        "technique": "sft",
        "adaptation": "lora",
    }
    return Wanted(**wanted | changes)


def recipe(**changes: Any) -> Recipe:
    return resolve(a_wish(**changes), catalogue())


def refusal(kind: type[AtelierError] = InvalidRun, **changes: Any) -> str:
    with pytest.raises(kind) as refused:
        recipe(**changes)
    return str(refused.value)


def value(chosen: Recipe, name: str) -> Any:
    return next(chosen.values[key.path] for key in chosen.keys if key.name == name)


def test_a_wish_without_an_instance_type_gets_the_cheapest_recipe() -> None:
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


def test_a_combination_that_does_not_exist_names_the_nearest() -> None:
    message = refusal(UnsupportedCombination, base_model="nova-2-lite", technique="dpo")
    assert "nova-2-lite dpo lora does not exist; nova-2-lite has sft lora" in message


def test_a_value_that_another_instance_type_allows_says_so() -> None:
    message = refusal(settings={"max_length": 32768})
    assert "max_length = 32768: must be at least 1024 and at most 8192 and a multiple of 1024" in message
    assert (
        "the same hyperparameters are accepted on ml.p5.48xlarge, ml.p4d.24xlarge, ml.p5en.48xlarge"
        in message
    )


def test_p4d_has_a_shorter_limit_than_p5_in_the_same_recipe() -> None:
    wish: dict[str, Any] = {"technique": "dpo", "settings": {"max_length": 32768}}
    assert value(recipe(instance_type="ml.p5.48xlarge", **wish), "max_length") == 32768
    assert "at most 16384" in refusal(instance_type="ml.p4d.24xlarge", **wish)


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
    wish: dict[str, Any] = {
        "base_model": "nova-2-lite",
        "task": "gen_qa",
        "technique": None,
        "adaptation": None,
    }
    assert value(recipe(settings={"reasoning_effort": None}, **wish), "reasoning_effort") is None
    assert value(recipe(settings={"reasoning_effort": "low"}, **wish), "reasoning_effort") == "low"
    assert "must be one of null, low, high" in refusal(settings={"reasoning_effort": "some"}, **wish)
