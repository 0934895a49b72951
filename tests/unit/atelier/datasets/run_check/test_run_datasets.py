"""The datasets of a run, and what its recipes ask of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from atelier.datasets import Bound, Format
from atelier.datasets.formats.registry import DEFINITIONS
from atelier.datasets.run_check.recipe_requirements import training_requirements
from atelier.datasets.run_check.run_datasets import Dataset, datasets_of
from atelier.recipes.catalogue import catalogue
from tests.fixtures.datasets import GEN_QA, TRAIN
from tests.fixtures.plans import a_plan
from tests.fixtures.runs import BUCKET, a_stage


def datasets(**changes: Any) -> tuple[Dataset, ...]:
    return datasets_of(a_plan(**changes))


def training(base_model: str, **stage: Any) -> Dataset:
    return datasets(base_model=base_model, stages=[a_stage(**stage)])[0]


def test_every_field_that_names_a_dataset_is_one_in_the_order_of_the_run_file() -> None:
    validation = TRAIN.replace("train", "validation")
    found = datasets(stages=[a_stage(validation=validation), a_stage(technique="dpo")])
    assert [(dataset.fields, dataset.format) for dataset in found] == [
        (("stages.0.train",), Format.SFT),
        (("stages.0.validation",), Format.SFT),
        (("stages.1.train",), Format.DPO),
        (("evaluation.0.dataset",), Format.GEN_QA),
    ]


def test_a_file_that_two_fields_name_for_the_same_thing_is_checked_once() -> None:
    found = datasets(stages=[a_stage(), a_stage()])
    assert [dataset.fields for dataset in found] == [
        ("stages.0.train", "stages.1.train"),
        ("evaluation.0.dataset",),
    ]
    assert found[0].label == "stages.0.train, stages.1.train (train.jsonl)"


def test_every_recipe_and_every_task_of_the_catalogue_names_a_format_that_can_be_checked() -> None:
    named = {catalogue().templates[row.template].dataset for row in catalogue().training}
    named |= {task.dataset.format for task in catalogue().tasks.values() if task.dataset}
    assert named <= {format_.value for format_ in DEFINITIONS}


def test_leakage_is_a_matter_of_what_is_trained_on() -> None:
    assert [dataset.is_trained_on for dataset in datasets()] == [True, False]


@pytest.mark.parametrize(
    ("base_model", "media", "documents"),
    [
        ("nova-micro", False, False),
        ("nova-lite", True, False),
        ("nova-pro", True, False),
        ("nova-2-lite", True, True),
    ],
)
def test_a_model_takes_what_it_can_read(base_model: str, media: bool, documents: bool) -> None:
    requirements = training(base_model).requirements
    assert (requirements.media, requirements.documents) == (media, documents)


@pytest.mark.parametrize(("enabled", "reasoning"), [(True, "required"), (False, "refused")])
def test_reasoning_is_in_the_data_exactly_when_the_recipe_has_it(enabled: bool, reasoning: str) -> None:
    requirements = training("nova-2-lite", hyperparameters={"reasoning_enabled": enabled}).requirements
    assert requirements.reasoning == reasoning


def test_nova_1_has_no_reasoning() -> None:
    assert training("nova-pro").requirements.reasoning == "refused"


def test_nova_2_needs_a_batch_of_rows_and_says_whose() -> None:
    requirements = training("nova-2-lite", hyperparameters={"global_batch_size": 64}).requirements
    assert requirements.min_rows == Bound(64, "one batch (global_batch_size 64)")
    assert requirements.max_rows is None


def test_rows_of_a_validation_file_are_not_counted() -> None:
    _, validation, *_ = datasets(
        base_model="nova-2-lite", stages=[a_stage(validation=TRAIN.replace("train", "validation"))]
    )
    assert validation.requirements.min_rows is None


@pytest.mark.parametrize(("base_model", "least"), [("nova-lite", 8), ("nova-2-lite", 200)])
def test_bedrock_counts_the_rows_of_training_files(base_model: str, least: int) -> None:
    requirements = training_requirements(replace(a_plan(base_model=base_model).stages[0], platform="bedrock"))
    assert requirements.min_rows == Bound(least, f"what Bedrock needs to fine-tune {base_model}")
    assert requirements.max_rows == Bound(20_000, "the rows that Bedrock takes")


def test_a_technique_asks_what_its_guide_asks() -> None:
    sft = a_plan(base_model="nova-lite").stages[0]
    distillation = replace(sft, technique="distillation", dataset_format="distillation")
    requirements = training_requirements(distillation)
    assert requirements.min_rows == Bound(100, "the prompts that distillation needs")
    assert requirements.max_rows == Bound(20_000, "the prompts that distillation takes")
    assert (requirements.max_line_bytes, requirements.max_file_bytes) == (180 << 10, 2 << 30)


def test_a_file_that_a_later_stage_trains_on_is_trained_on() -> None:
    first = a_stage(technique="dpo", validation=TRAIN, train=TRAIN.replace("train", "other"))
    stages = [first, a_stage(technique="dpo")]
    assert {dataset.uri: dataset.is_trained_on for dataset in datasets(stages=stages)}[TRAIN]


def test_media_has_to_lie_in_the_bucket_of_its_dataset() -> None:
    assert {dataset.requirements.bucket for dataset in datasets()} == {BUCKET}


def test_an_evaluation_is_held_to_its_tasks_format() -> None:
    evaluation = datasets()[-1]
    assert (evaluation.uri, evaluation.format, evaluation.requirements.min_rows) == (
        GEN_QA,
        Format.GEN_QA,
        None,
    )
