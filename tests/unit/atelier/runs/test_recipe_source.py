"""A recipe of AWS's hub that travels with its run."""

from __future__ import annotations

from typing import Any

import pytest

from atelier import names
from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.jobs.run_jobs import training_job
from atelier.runs.checks.check_run import check_run
from atelier.runs.recipe_source import HUB, hub_of, known_catalogue_of
from tests.fixtures.objects import FakeObjects
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS, a_run, a_stage
from tests.unit.atelier.recipes.hub.test_recipe import RECIPE

ADDRESS = f"s3://{BUCKET}/{names.hub_recipe_key(RECIPE.sha256)}"
RUN = a_run(stages=[a_stage(recipe=ADDRESS)])


@pytest.fixture
def objects() -> FakeObjects:
    """A bucket with the recipe that the run was sent with."""
    return FakeObjects({ADDRESS: RECIPE.to_bytes()})


def check(run: dict[str, Any], objects: FakeObjects) -> Any:
    hub = hub_of(run, objects.read)
    return check_run(run, environment="dev", region="us-east-1", bucket=BUCKET, run_id=RUN_ID, hub=hub)


def test_the_stage_resolves_with_the_recipe_at_the_address(objects: FakeObjects) -> None:
    checked = check(RUN, objects)

    recipe = checked.recipes["stages.0"]
    assert recipe.origin == RECIPE.origin
    assert (recipe.instance_type, recipe.replicas) == ("ml.p5.48xlarge", 2)
    assert any(RECIPE.origin in warning for warning in checked.warnings)


def test_the_job_runs_the_container_and_renders_the_file_of_that_recipe(objects: FakeObjects) -> None:
    job = training_job(
        check(RUN, objects).plan.stages[0],
        run_id=RUN_ID,
        stage_index=0,
        checkpoint=None,
        objects=objects,
        environment=SETTINGS,
    )

    assert job.request["AlgorithmSpecification"]["TrainingImage"] == RECIPE.image_uri
    assert "loraplus_lr_ratio: 16.0" in job.recipe_yaml
    assert "{{" not in job.recipe_yaml


@pytest.mark.parametrize("stored", [{}, {ADDRESS: RECIPE.to_bytes() + b" "}])
def test_a_recipe_that_is_missing_or_another_one_is_refused(stored: dict[str, bytes]) -> None:
    with pytest.raises(InvalidRun, match=r"stages\.0\.recipe"):
        check(RUN, FakeObjects(stored))


def test_a_run_that_says_hub_and_brings_no_recipe_is_refused(objects: FakeObjects) -> None:
    with pytest.raises(InvalidRun, match="atelier recipes --sync"):
        check(a_run(stages=[a_stage(recipe=HUB)]), objects)


def test_what_the_hub_does_not_have_is_not_said_to_exist_nowhere(objects: FakeObjects) -> None:
    with pytest.raises(
        UnsupportedCombination, match="among the recipes synced from AWS's hub, nova-micro dpo"
    ):
        check(a_run(stages=[a_stage(recipe=ADDRESS, technique="dpo")]), objects)


def test_a_recipe_that_is_gone_when_the_job_is_submitted_is_an_error_of_the_run() -> None:
    with pytest.raises(InvalidRun, match="is missing or unreadable; start a new run"):
        known_catalogue_of(ADDRESS, {})


def test_another_address_is_no_recipe(objects: FakeObjects) -> None:
    with pytest.raises(InvalidRun, match=r"stages\.0\.recipe = .*accepted: shipped or hub"):
        check(a_run(stages=[a_stage(recipe="s3://elsewhere/recipe.yaml")]), objects)


@pytest.mark.parametrize("run", [None, [], {"stages": 3}, {"stages": [3, {"recipe": 4}]}, {}])
def test_a_document_of_any_shape_names_no_recipes(run: object, objects: FakeObjects) -> None:
    assert hub_of(run, objects.read) == {}
