"""The catalogue as a person asks for it."""

from __future__ import annotations

import pytest

from atelier.errors import InvalidRun
from atelier.recipes.catalogue import catalogue
from atelier.recipes.listing import (
    Filter,
    described,
    listed,
    named,
    regions_of,
    settings_of,
    technique_of,
    with_defaults,
)
from atelier.recipes.render import render
from atelier.recipes.rows import RecipeRow

ROWS = catalogue()
LORA_SFT = "nova_micro_1_0_p5_p4d_gpu_lora_sft"


def test_without_a_filter_every_recipe_is_listed() -> None:
    assert len(listed(ROWS, Filter())) == len(ROWS.training) + len(ROWS.evaluation)


def test_every_filter_narrows_to_what_has_the_word() -> None:
    found = listed(
        ROWS, Filter(model="nova-micro", technique="dpo", adaptation="full", platform="training-job")
    )

    assert {(row.base_model, technique_of(row), row.adaptation) for row in found} == {
        ("nova-micro", "dpo", "full")
    }


def test_a_region_leaves_what_runs_in_it_or_is_not_bound_to_one() -> None:
    found = listed(ROWS, Filter(model="nova-micro", platform="training-job", region="ap-northeast-1"))
    everywhere = listed(ROWS, Filter(model="nova-micro", platform="training-job"))

    assert found
    for row in everywhere:
        regions = regions_of(row, "training-job", ROWS)
        assert (row in found) == (not regions or "ap-northeast-1" in regions)


def test_a_distillation_is_listed_for_its_students_too() -> None:
    found = listed(ROWS, Filter(model="nova-micro", technique="distillation"))

    assert {row.base_model for row in found} >= {"nova-pro"}


def test_a_task_lists_what_measures_it() -> None:
    found = listed(ROWS, Filter(model="nova-lite", task="gen_qa"))

    assert found
    assert all(technique_of(row) is None for row in found)


def test_every_word_that_nothing_has_is_told_at_once_with_the_nearest() -> None:
    with pytest.raises(InvalidRun) as refusal:
        listed(ROWS, Filter(model="nova-mirco", technique="sfft", region="us-east-11"))

    assert "3 problems" in str(refusal.value)
    assert "--model = 'nova-mirco': did you mean 'nova-micro'?" in str(refusal.value)
    assert "did you mean 'sft'?" in str(refusal.value)
    assert "did you mean 'us-east-1'?" in str(refusal.value)


def test_an_unknown_recipe_has_a_nearest() -> None:
    with pytest.raises(InvalidRun, match=f"did you mean '{LORA_SFT}'"):
        named(ROWS, LORA_SFT.removesuffix("t"))


def test_a_setting_has_its_default_its_bounds_and_what_is_disputed() -> None:
    row = named(ROWS, LORA_SFT)

    settings = {setting.name: setting for setting in settings_of(row, ROWS.templates[row.template])}

    assert settings["global_batch_size"].bounds == "one of 16, 32, 64"
    assert settings["learning_rate"].default == 1e-05
    assert "at most 70" in (settings["learning_rate_ratio"].dispute or "")


def test_a_setting_that_follows_another_says_so() -> None:
    row = named(ROWS, "nova_lite_2_0_p5_gpu_lora_sft")

    settings = {setting.name: setting for setting in settings_of(row, ROWS.templates[row.template])}

    assert settings["save_steps"].same_as == "max_steps"


@pytest.mark.parametrize("row", [*ROWS.training, *ROWS.evaluation], ids=lambda row: row.name)
def test_every_recipe_can_be_described_and_written(row: RecipeRow) -> None:
    assert described(row, ROWS)["platforms"]
    recipe = with_defaults(row, ROWS)
    if recipe.template.not_rendered is None:
        inputs = {key.filled_with: "x" for key in recipe.keys if key.filled_with}
        text = render(recipe, job_name="j", model="m", inputs={str(name): x for name, x in inputs.items()})
        assert "${" not in text
        assert "{{" not in text
