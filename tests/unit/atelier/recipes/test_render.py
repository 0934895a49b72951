"""The YAML that AWS's containers read."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given, strategies as st
from omegaconf import OmegaConf

from atelier.recipes.catalogue import catalogue
from atelier.recipes.document import dump
from atelier.recipes.render import render
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import Recipe, resolve

finite = st.floats(allow_nan=False, allow_infinity=False)


def recipe(**changes: Any) -> Recipe:
    requested: dict[str, Any] = {
        "path": "stages.0",
        "base_model": "nova-micro",
        "environment": "dev",
        "technique": "sft",
        "adaptation": "lora",
    }
    return resolve(RecipeRequest(**requested | changes), catalogue())


@given(finite)
def test_a_float_is_the_same_float_to_yaml_1_1_and_to_omegaconf(number: float) -> None:
    text = dump({"lr": number})
    read = yaml.safe_load(text)["lr"]
    read_by_aws = OmegaConf.select(OmegaConf.create(text), "lr")
    assert (type(read), read) == (float, number)
    assert (type(read_by_aws), read_by_aws) == (float, number)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"))))
def test_a_text_stays_that_text(text: str) -> None:
    assert yaml.safe_load(dump({"name": text})) == {"name": text}


@given(st.from_regex(r"[-+0-9._eExo]{1,8}", fullmatch=True))
def test_a_text_that_looks_like_a_number_stays_a_text_to_every_reader(text: str) -> None:
    written = dump({"name": text})
    assert yaml.safe_load(written) == {"name": text}
    assert OmegaConf.to_container(OmegaConf.create(written)) == {"name": text}


def test_equal_values_are_written_out_each() -> None:
    betas = [0.9, 0.999]
    assert dump({"first": betas, "second": betas}).count("- 0.999") == 2


def test_small_numbers_are_written_with_a_dot() -> None:
    text = render(recipe(settings={"learning_rate": 2e-5}), job_name="job", model="nova-micro/prod")
    assert "lr: 2.0e-05\n" in text
    assert "eps: 1.0e-06\n" in text


def test_nova_1_switches_lora_off_with_null_and_nova_2_with_the_word() -> None:
    nova_1 = render(recipe(adaptation="full"), job_name="job", model="m")
    nova_2 = render(recipe(base_model="nova-2-lite", adaptation="full"), job_name="job", model="m")
    assert "peft_scheme: null\n" in nova_1
    assert "peft_scheme: 'null'\n" in nova_2
    assert "lora_tuning" not in nova_1 + nova_2


def test_nothing_is_left_to_interpolate() -> None:
    texts = [
        render(recipe(base_model=name), job_name="job", model="m")
        for name in ("nova-micro", "nova-lite", "nova-pro", "nova-2-lite")
    ]
    assert [text for text in texts if "${" in text] == []


def test_a_run_continues_from_the_checkpoint_it_was_given() -> None:
    checkpoint = "s3://customer-escrow-111122223333-smtj-x/job/step_9"
    run = yaml.safe_load(render(recipe(replicas=4), job_name="job", model=checkpoint))["run"]
    assert run["model_name_or_path"] == checkpoint
    assert run["model_type"] == "amazon.nova-micro-v1:0:128k"
    assert (run["name"], run["replicas"]) == ("job", 4)
