"""A hub recipe in the place of a shipped one: the same resolution, limits and rendering."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from atelier.errors import InvalidRun, UnsupportedCombination
from atelier.recipes.catalogue import catalogue
from atelier.recipes.hub.recipe import HubRecipe
from atelier.recipes.hub_catalogue import with_hub_recipes
from atelier.recipes.render import render
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import resolve
from tests.fixtures.hub import HYPERPOD_OVERRIDES, HYPERPOD_TEMPLATE, IMAGE, OVERRIDES, TRAINING_JOB_TEMPLATE

RECIPE = HubRecipe(
    name="nova_micro_1_0_p5_p4d_gpu_lora_sft",
    base_model="nova-micro",
    technique="sft",
    reward=None,
    adaptation="lora",
    platform="training-job",
    version="1.0.1",
    region="us-east-1",
    instance_types=("ml.p5.48xlarge", "ml.p4d.24xlarge"),
    replicas=(2, 4, 8),
    image_uri=IMAGE,
    template=TRAINING_JOB_TEMPLATE,
    overrides=OVERRIDES,
)
ROWS = with_hub_recipes(catalogue(), [RECIPE])
WANTED = RecipeRequest(
    path="stages.0", base_model="nova-micro", environment="dev", technique="sft", adaptation="lora"
)


def test_a_hub_recipe_resolves_with_its_own_defaults_and_says_where_it_came_from() -> None:
    recipe = resolve(WANTED, ROWS)

    assert (recipe.instance_type, recipe.replicas) == ("ml.p5.48xlarge", 2)
    assert recipe.values["training_config.model.peft.lora_tuning.loraplus_lr_ratio"] == 16.0
    assert recipe.origin == f"hub 1.0.1 {RECIPE.sha256[:12]}"
    assert recipe.template.dataset == "sft"


def test_a_shipped_recipe_says_that_it_is_shipped() -> None:
    assert resolve(WANTED, catalogue()).origin == "shipped"


def test_a_hub_recipe_renders_without_a_placeholder_and_with_what_the_job_fills_in() -> None:
    request = replace(WANTED, replicas=4, settings={"learning_rate": "5e-6", "global_batch_size": 32})

    text = render(resolve(request, ROWS), job_name="tool-calling-20261123140500-s0", model="s3://escrow/x")

    assert "{{" not in text
    document = yaml.safe_load(text)
    assert document["run"] == {
        "name": "tool-calling-20261123140500-s0",
        "model_type": "amazon.nova-micro-v1:0:128k",
        "model_name_or_path": "s3://escrow/x",
        "replicas": 4,
        "data_s3_path": "",
        "output_s3_path": "",
    }
    assert document["training_config"]["global_batch_size"] == 32
    assert document["training_config"]["model"]["optim"]["lr"] == 5e-06


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"learning_rte": 1e-5}, "did you mean 'learning_rate'"),
        ({"global_batch_size": 128}, "must be one of 16, 32, 64"),
        ({"max_epochs": 0}, "must be at least 1 and at most 100"),
        ({"max_length": 4096}, "unknown"),
    ],
)
def test_the_override_spec_s_limits_are_held(settings: dict[str, float], says: str) -> None:
    with pytest.raises(InvalidRun, match=says):
        resolve(replace(WANTED, settings=settings), ROWS)


def test_a_hub_without_the_recipe_says_what_is_nearest() -> None:
    with pytest.raises(UnsupportedCombination, match="does not exist; nova-micro has sft lora"):
        resolve(replace(WANTED, technique="dpo"), ROWS)


def test_its_container_is_the_one_that_the_hub_names() -> None:
    image = resolve(WANTED, ROWS).image

    assert image is not None
    assert ROWS.images.uri(image, "us-east-1") == IMAGE
    with pytest.raises(UnsupportedCombination, match="not published there; accepted: us-east-1"):
        ROWS.images.uri(image, "us-west-2")


def test_a_payload_for_hyperpod_is_a_row_of_that_platform() -> None:
    payload = replace(
        RECIPE,
        platform="hyperpod-eks",
        image_uri=None,
        template=HYPERPOD_TEMPLATE,
        overrides=HYPERPOD_OVERRIDES,
    )

    both = with_hub_recipes(catalogue(), [RECIPE, payload])

    on_hyperpod = replace(WANTED, platform="hyperpod-eks", platforms_here=("hyperpod-eks",))
    assert resolve(on_hyperpod, both).origin == payload.origin
    assert resolve(WANTED, both).origin == RECIPE.origin


def test_a_recipe_is_named_by_its_content_and_survives_being_written_down() -> None:
    assert HubRecipe.from_bytes(RECIPE.to_bytes()) == RECIPE
    assert replace(RECIPE, template=RECIPE.template + "\n").sha256 != RECIPE.sha256


@pytest.mark.parametrize("data", [b"", b"[]", b'{"name": "x"}', b"\xff"])
def test_what_is_not_a_synced_recipe_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        HubRecipe.from_bytes(data)


def test_what_the_data_must_look_like_is_what_the_shipped_recipe_reads() -> None:
    """The hub does not say; an open-weight model's rows are not Converse."""
    base_model, technique = "llama-3-1-8b-instruct", "sft"
    shipped = next(row for row in catalogue().training_of(base_model) if row.technique == technique)
    hub = with_hub_recipes(catalogue(), [replace(RECIPE, base_model=base_model, technique=technique)])

    (row,) = hub.training_of(base_model)

    assert hub.templates[row.template].dataset == catalogue().templates[shipped.template].dataset
    assert hub.templates[row.template].dataset != "sft"


@pytest.mark.parametrize(("has_its_interval", "can_be_stopped"), [(True, True), (False, False)])
def test_checkpoints_are_saved_as_the_shipped_recipe_saves_them_where_the_hub_s_has_the_settings(
    has_its_interval: bool, can_be_stopped: bool
) -> None:
    template = (
        "run: {name: x}\ntraining_config: {save_steps: '{{save_steps}}', every: '{{val_check_interval}}'}"
    )
    steps = {"type": "integer", "min": 1, "default": 100}
    if not has_its_interval:
        template = template.replace("'{{val_check_interval}}'", "2500")
    recipe = replace(
        RECIPE,
        base_model="nova-2-lite",
        template=template,
        overrides={"save_steps": steps, "val_check_interval": steps},
    )

    hub = with_hub_recipes(catalogue(), [recipe])

    assert bool(hub.templates[recipe.row_name].checkpoints) == can_be_stopped
