"""A recipe of AWS's hub goes down the deployed line: synced, sent with the run, checked and trained with.

The embedded cloud has no SageMakerPublicHub, so the hub is a fake with one recipe, made for its tiny model.
"""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
import yaml

from atelier import names
from atelier.recipes.catalogue import catalogue
from atelier.recipes.render import document
from cli.recipes.hub_sync import sync
from cli.recipes.public_hub import HubContent, PublicHub
from client.hub_cache import HubCache
from tests.fixtures import hub as aws
from tests.fixtures.deployed_pipeline import DeployedPipeline, quick
from tests.fixtures.recipes import default_recipe

pytestmark = pytest.mark.system

MODEL, SHIPPED = "atelier-tiny", "atelier_tiny_lora_sft"
OURS = {"max_epochs": 1, "learning_rate": 0.002}


def hub_with_a_recipe_for_the_tiny_model(deployed: DeployedPipeline) -> aws.FakeHub:
    """The shipped recipe as AWS publishes its own: with placeholders, and with other defaults."""
    (row,) = [row for row in catalogue().training if row.name == SHIPPED]
    recipe: dict[str, Any] = document(default_recipe(row), job_name="{{name}}", model="atelier-tiny/prod")
    recipe["training_config"]["trainer"]["max_epochs"] = "{{max_epochs}}"
    recipe["training_config"]["model"]["optim"]["lr"] = "{{learning_rate}}"
    spec = {
        "name": {"type": "string", "required": True, "default": "my-run"},
        "max_epochs": {"type": "integer", "min": 1, "max": 3, "default": OURS["max_epochs"]},
        "learning_rate": {"type": "float", "min": 0, "max": 1, "default": OURS["learning_rate"]},
    }
    entry = aws.entry(
        "atelier_tiny_of_the_hub",
        InstanceCount=1,
        SupportedInstanceTypes=["ml.m5.large"],
        SmtjImageUri=catalogue().image_uri("atelier-tiny", deployed.pipeline.environment.region),
        HpEksPayloadTemplateS3Uri=None,
    )
    files = {
        entry["SmtjRecipeTemplateS3Uri"]: yaml.safe_dump(recipe, sort_keys=False).encode(),
        entry["SmtjOverrideParamsS3Uri"]: json.dumps(spec).encode(),
    }
    return aws.FakeHub({MODEL: HubContent("1.0.0", aws.document(entry))}, files)


def test_a_recipe_of_the_hub_trains_as_the_hub_published_it(deployed: DeployedPipeline) -> None:
    region = deployed.pipeline.environment.region
    base_model = catalogue().base_models[MODEL].model_copy(update={"hub_name": MODEL})
    hub = cast(PublicHub, hub_with_a_recipe_for_the_tiny_model(deployed))
    synced = sync(hub, HubCache.of_region(region), base_model, region=region)
    assert (synced.changes.added, synced.skipped) == (("atelier_tiny_of_the_hub (training-job)",), ())

    wanted = quick("from-the-hub")
    wanted["stages"][0] |= {"recipe": "hub", "hyperparameters": {}}
    run = deployed.run(wanted)

    assert run.status == "ACCEPTED", run.cause
    trained_with = yaml.safe_load(
        deployed.pipeline.objects.read(deployed.pipeline.uri(names.recipe_key(run.run_id, "s0")))
    )
    assert trained_with["run"]["name"] == f"{run.run_id}-s0"
    assert trained_with["training_config"]["trainer"]["max_epochs"] == OURS["max_epochs"]
    assert trained_with["training_config"]["model"]["optim"]["lr"] == OURS["learning_rate"]
    (recipe,) = HubCache.of_region(region).recipes()
    assert run.run["stages"][0]["recipe"] == deployed.pipeline.uri(names.hub_recipe_key(recipe.sha256))
