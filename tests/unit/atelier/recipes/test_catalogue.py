"""Every row of the catalogue leads somewhere, can be had, and is within its own bounds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.model import StructureShape
from omegaconf import OmegaConf

from atelier.errors import UnsupportedCombination
from atelier.recipes.catalogue import DATA, catalogue, load
from atelier.recipes.render import document, render
from atelier.recipes.rows import RecipeRow
from tests.fixtures.catalogue_references import broken_references
from tests.fixtures.recipes import ROWS, default_recipe, has_a_file, keys_of, platforms_of

GIVEN = {
    "customer_bucket": "bucket",
    "kms_key": "key",
    "data_s3_path": "s3://bucket/train.jsonl",
    "output_s3_path": "s3://bucket/out",
}


def test_every_name_in_a_row_has_its_row() -> None:
    assert list(broken_references(catalogue())) == []


def test_a_name_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    for path in DATA.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(DATA)
        copy.parent.mkdir(exist_ok=True)
        text = path.read_text().replace("template: nova_1_dpo", "template: nova_9_dpo")
        copy.write_text(text.replace("teacher_model_id: ", "teacher_model: "))
    found = list(broken_references(load(tmp_path)))
    assert "recipe nova_micro_1_0_g5_g6_12x_gpu_lora_dpo: no template nova_9_dpo" in found
    assert "recipe nova_pro_1_0_r5_cpu_distill: nova_distillation has no setting teacher_model" in found


def test_the_nova_recipes_of_aws_are_all_there() -> None:
    names = [row.name for row in ROWS if re.match(r"(mtrl_)?nova", row.name)]
    techniques = [row.technique for row in catalogue().training.of("nova") if row.name in names]
    assert {name: techniques.count(name) for name in set(techniques)} == {
        "sft": 13,
        "dpo": 10,
        "ppo": 3,
        "distillation": 2,
        "rft": 4,
        "mtrl": 1,
        "cpt": 4,
    }
    assert len(catalogue().evaluation.of("nova")) == 19


def test_every_default_is_within_its_own_bounds_on_every_instance_type() -> None:
    outside = [
        (row.name, instance_type, key.name)
        for row in ROWS
        for values in [defaults_of(row)]
        for instance_type in {None}.union(*(row.instance_types_on(platform) for platform in row.platforms))
        for key in keys_of(row)
        if key.name and not row.bounds_of(key, instance_type).allow(values[key.name], values)
    ]
    assert outside == []


@pytest.mark.parametrize("row", [row for row in ROWS if platforms_of(row)], ids=lambda row: row.name)
def test_every_row_is_had_by_asking_for_what_it_offers(row: RecipeRow) -> None:
    recipe = default_recipe(row)
    assert recipe.row is row
    assert recipe.instance_type == next(iter(row.instance_types_on(recipe.platform)), None)
    assert recipe.replicas == next(iter(row.replicas_on(recipe.platform)), None)


def test_every_setting_has_a_type_and_a_default_of_that_type() -> None:
    types: dict[Any, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "bool": (bool,),
        "str": (str,),
        None: (),
    }
    wrong = [
        (row.name, key.name)
        for row in ROWS
        for key in keys_of(row)
        if key.name and not key.same_as
        for default in [row.default_of(key)]
        if not isinstance(default, types[key.type]) and not (default is None and key.is_nullable)
    ]
    assert wrong == []


def test_every_recipe_that_is_written_reads_as_what_it_is() -> None:
    for row in filter(has_a_file, ROWS):
        recipe = default_recipe(row)
        text = render(recipe, job_name="job", model="model", inputs=GIVEN)
        assert "${" not in text
        read = yaml.load(text, Loader=yaml.CSafeLoader)
        assert read == document(recipe, job_name="job", model="model", inputs=GIVEN)
        for key in keys_of(row):
            if key.type == "float" and not key.as_text:
                assert isinstance(_at(read, key.path), int | float | None), (row.name, key.path)


ONE_OF_EACH_KIND = list({(row.template, row.adaptation): row for row in ROWS if has_a_file(row)}.values())


@pytest.mark.parametrize("row", ONE_OF_EACH_KIND, ids=lambda row: row.name)
def test_a_recipe_reads_the_same_in_yaml_1_1_and_as_aws_reads_it(row: RecipeRow) -> None:
    text = render(default_recipe(row), job_name="job", model="model", inputs=GIVEN)
    assert OmegaConf.to_container(OmegaConf.create(text)) == yaml.safe_load(text)


def test_every_row_says_where_it_comes_from() -> None:
    assert [row.name for row in ROWS if not row.source or not row.platforms] == []


@pytest.mark.parametrize("name", ["nova_pro_1_0_r5_cpu_distill", "nova_premier_1_0_r5_cpu_distill"])
def test_a_distillation_has_texts_only(name: str) -> None:
    row = next(row for row in ROWS if row.name == name)
    recipe = default_recipe(row, settings={"temperature": 1e-5, "max_number_of_prompts": 500})
    values = yaml.safe_load(render(recipe, job_name="job", model="", inputs=GIVEN))["training_config"]
    assert [key for key, value in values.items() if not isinstance(value, str)] == []
    assert (values["temperature"], values["maxNumberOfPrompts"]) == ("1e-05", "500")


def test_nova_images_carry_the_account_of_their_region() -> None:
    assert catalogue().image_uri("nova-1-sft", "us-west-2") == (
        "176779409107.dkr.ecr.us-west-2.amazonaws.com/nova-fine-tune-repo:SM-TJ-SFT-latest"
    )


def test_an_image_outside_its_regions_names_the_regions() -> None:
    with pytest.raises(UnsupportedCombination, match="us-east-1, us-west-2, ap-northeast-1"):
        catalogue().image_uri("nova-1-dpo", "eu-west-1")


def test_only_the_family_that_is_asked_for_is_read(tmp_path: Path) -> None:
    for path in DATA.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(DATA)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / "training" / "llama.yaml").write_text("not rows")
    assert load(tmp_path).training_of("nova-micro")
    with pytest.raises(ValueError, match="valid"):
        list(load(tmp_path).training)


def defaults_of(row: RecipeRow) -> dict[str, Any]:
    """What the row's settings are when nobody sets one."""
    keys = {key.name: key for key in keys_of(row) if key.name}
    values = {name: row.default_of(key) for name, key in keys.items()}
    follow = {name: key.same_as for name, key in keys.items() if key.same_as and name not in row.defaults}
    return values | {name: values[source] for name, source in follow.items()}


def _at(content: Any, path: str) -> Any:
    for part in path.split("."):
        content = content[part]
    return content


def test_bedrocks_own_reinforcement_has_every_setting_of_its_api_within_the_apis_bounds() -> None:
    shape = botocore.session.get_session().get_service_model("bedrock").shape_for("RFTHyperParameters")
    assert isinstance(shape, StructureShape)
    keys = {
        key.flat_name: key
        for key in catalogue().templates["bedrock_rft"].keys
        if key.path.startswith("hyperParameters.")
    }
    assert keys.keys() == shape.members.keys()
    for name, member in shape.members.items():
        bounds = keys[name].bounds
        if "max" in member.metadata:
            assert (bounds.minimum, bounds.maximum) == (member.metadata["min"], member.metadata["max"])
        if "enum" in member.metadata:
            assert set(bounds.choices) == {None, *member.metadata["enum"]}


@pytest.mark.parametrize("teacher", ["pro", "premier"])
def test_bedrocks_own_distillation_names_its_teacher_as_bedrock_calls_it(teacher: str) -> None:
    (row,) = [row for row in catalogue().training if row.name == f"bedrock_nova_{teacher}_distillation"]
    values = default_recipe(row).values
    assert values["teacherModelConfig.teacherModelIdentifier"] == f"amazon.nova-{teacher}-v1:0"


def test_a_model_with_an_end_of_life_names_a_successor_that_has_none() -> None:
    models = catalogue().base_models
    for row in models.values():
        if row.end_of_life is not None:
            assert row.successor is not None, row.name
            assert models[row.successor].end_of_life is None, row.name
