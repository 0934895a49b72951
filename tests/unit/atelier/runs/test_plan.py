"""The plan of a run: what ValidateRun leaves for the states after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atelier.platforms.resolved_stage import ResolvedStage
from atelier.recipes.render import document
from atelier.recipes.rows import RecipeRow
from atelier.registry import PLATFORMS
from atelier.runs.plan import Plan, read_plan, write_plan
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan, stage_of
from tests.fixtures.recipes import ROWS, default_recipe, platforms_of
from tests.fixtures.runs import BUCKET, RUN_ID, a_stage

INPUTS = {
    name: f"s3://{BUCKET}/{name}"
    for name in (
        "customer_bucket",
        "kms_key",
        "data_s3_path",
        "validation_data_s3_path",
        "output_s3_path",
        "train_file",
        "train_folder",
        "validation_file",
        "output_dir",
    )
}


def stored(plan: Plan) -> dict[str, Any]:
    objects = FakeObjects()
    write_plan(plan, RUN_ID, objects=objects, bucket=BUCKET)
    assert read_plan(RUN_ID, objects=objects, bucket=BUCKET) == plan
    document: dict[str, Any] = json.loads(objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/plan.json"])
    return document


def test_a_plan_is_read_as_it_was_written() -> None:
    stages = [
        a_stage(
            validation=f"s3://{BUCKET}/datasets/a/v.jsonl",
            early_stopping={"patience": 3},
            hyperparameters={"max_steps": 500, "save_steps": 50, "val_check_interval": 100},
        )
    ]
    plan = stored(a_plan(base_model="nova-2-lite", stages=stages))
    assert (plan["version"], plan["base_model_path"]) == (1, "nova-lite-2/prod")
    (stage,) = plan["stages"]
    assert (stage["platform"], stage["technique"], stage["stop_policy"]["patience"]) == (
        "training-job",
        "sft",
        3,
    )


def test_the_same_plan_is_the_same_bytes() -> None:
    assert stored(a_plan()) == stored(a_plan())


def test_fields_of_a_newer_version_are_left_out() -> None:
    (stage,) = a_plan().stages
    assert ResolvedStage.from_json(stage.to_json() | {"later": 1}) == stage


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_planned_stage_writes_the_document_of_its_recipe(row: RecipeRow) -> None:
    platforms = [name for name in platforms_of(row) if name in PLATFORMS]
    if not platforms:
        return
    recipe = default_recipe(row, platform=platforms[0])
    stage = ResolvedStage.from_json(json.loads(json.dumps(stage_of(recipe).to_json())))
    written = stage.document(job_name="job", model="model", inputs=INPUTS)
    assert written == document(recipe, job_name="job", model="model", inputs=INPUTS)
    assert list(written) == list(document(recipe, job_name="job", model="model", inputs=INPUTS))
