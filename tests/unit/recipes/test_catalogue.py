"""The catalogue holds AWS's recipes: what it renders is what AWS ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from atelier.errors import UnsupportedCombination
from atelier.recipes import Recipe, Wanted, catalogue, resolve
from atelier.recipes.catalogue import load
from atelier.recipes.references import broken_references
from atelier.recipes.render import document
from atelier.recipes.rows import EvaluationRow, RecipeRow, TrainingRow

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "recipes"
ROWS: list[RecipeRow] = [*catalogue().training, *catalogue().evaluation]


def default_recipe(row: RecipeRow) -> Recipe:
    """The recipe of a row when a run file asks for nothing but it."""
    wanted: dict[str, Any] = {
        "path": "stages.0",
        "base_model": row.base_model,
        "environment": (catalogue().base_models[row.base_model].environments or ("dev",))[0],
        "instance_type": row.instance_types[0],
    }
    if isinstance(row, TrainingRow):
        wanted |= {"technique": row.technique, "adaptation": row.adaptation}
    if isinstance(row, EvaluationRow):
        wanted |= {"task": row.tasks[0]}
    return resolve(Wanted(**wanted), catalogue())


def aws_files() -> list[Path]:
    names = {row.name for row in ROWS}
    return sorted(path for path in REFERENCE.rglob("*.yaml") if path.stem in names)


def leaves(node: Any, path: str = "") -> dict[str, Any]:
    """Every value of a document by dotted path; an empty mapping is a value."""
    if not isinstance(node, dict) or not node:
        return {path: node}
    return {p: v for key, child in node.items() for p, v in leaves(child, f"{path}.{key}".strip(".")).items()}


def as_omegaconf_reads(text: str) -> Any:
    """AWS's files are read with OmegaConf: floats need no dot, and ${oc.select:a.b} is the value at a.b."""
    text = re.sub(r"(?m)(?<=: )(\d+)e-(\d+)", r"\1.0e-\2", text)
    content = yaml.safe_load(text)
    for path, value in leaves(content).items():
        if isinstance(value, str) and (named := re.fullmatch(r"\$\{oc\.select:(.+)}", value)):
            *parents, leaf = path.split(".")
            block = content
            for parent in parents:
                block = block[parent]
            block[leaf] = leaves(content)[named[1]]
    return content


# Where a recipe of ours differs from AWS's file on purpose.
DIFFERENCES = {
    "run.name": "a placeholder; ours is the job's name",
    "run.mlflow_experiment_name": "a placeholder; ours is the job's name where a name is needed",
    "run.mlflow_run_name": "a placeholder; ours is the job's name where a name is needed",
    "run.data_s3_path": "a placeholder bucket in Nova 2 files; empty on a training job, which has channels",
    "run.output_s3_path": "a placeholder bucket in Nova 2 files; empty on a training job",
}
DISPUTED_REPLICAS = {
    "nova_lite_2_0_p5_gpu_lora_sft": "AWS's file ships 1, its hub refuses fewer than 4; ours is 4"
}


@pytest.mark.skipif(not REFERENCE.exists(), reason="AWS's recipe files are not here")
def test_there_are_files_of_aws_to_compare_with() -> None:
    assert {path.parent.name for path in aws_files()} >= {"SFT", "DPO"}


@pytest.mark.parametrize("path", aws_files(), ids=lambda path: path.stem)
def test_the_default_recipe_equals_the_file_that_aws_ships(path: Path) -> None:
    row = next(row for row in ROWS if row.name == path.stem)
    recipe = default_recipe(row)
    theirs = leaves(as_omegaconf_reads(path.read_text()))
    ours = leaves(document(recipe, job_name="job", model=recipe.base_model.model))
    differing = {key for key in theirs.keys() | ours.keys() if theirs.get(key, ...) != ours.get(key, ...)}
    accepted = set(DIFFERENCES) | ({"run.replicas"} if row.name in DISPUTED_REPLICAS else set())
    assert differing <= accepted
    assert list(ours) == list(theirs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_default_is_within_its_own_bounds_on_every_instance_type(row: RecipeRow) -> None:
    recipe = default_recipe(row)
    assert None not in [recipe.values[key.path] for key in recipe.keys if key.type == "int"]
    named = {key.name: recipe.values[key.path] for key in recipe.keys if key.name}
    for instance_type in row.instance_types:
        outside = [
            (key.name, named[key.name])
            for key in recipe.keys
            if key.name and not row.bounds_of(key, instance_type).allow(named[key.name], named)
        ]
        assert outside == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_says_where_it_comes_from_and_is_found_by_what_it_offers(row: RecipeRow) -> None:
    assert row.source
    assert default_recipe(row).row.base_model == row.base_model


def test_nova_images_carry_the_account_of_their_region() -> None:
    assert catalogue().image_uri("nova-1-sft", "us-west-2") == (
        "176779409107.dkr.ecr.us-west-2.amazonaws.com/nova-fine-tune-repo:SM-TJ-SFT-latest"
    )


def test_an_image_outside_its_regions_names_the_regions() -> None:
    with pytest.raises(UnsupportedCombination, match="us-east-1, us-west-2, ap-northeast-1"):
        catalogue().image_uri("nova-1-dpo", "eu-west-1")


def test_every_name_in_a_row_has_its_row() -> None:
    assert list(broken_references(catalogue())) == []


def test_a_name_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    source = Path(__file__).parents[3] / "recipes"
    for path in source.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text().replace("template: nova_1_dpo", "template: nova_9_dpo"))
    assert "recipe nova_micro_1_0_g5_g6_12x_gpu_lora_dpo: no template nova_9_dpo" in list(
        broken_references(load(tmp_path))
    )
