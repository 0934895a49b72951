"""What the catalogue renders is what AWS ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from atelier.recipes.render import document
from tests.fixtures.paths import ROOT
from tests.fixtures.recipes import ROWS, default_recipe

REFERENCE = ROOT.parent / "shared" / "reference" / "recipes"

# Where a recipe of ours differs from AWS's file on purpose.
NAMES = {"run.name", "run.mlflow_experiment_name", "run.mlflow_run_name"}
DISPUTED_REPLICAS = {
    "nova_lite_2_0_p5_gpu_lora_sft": "AWS's file ships 1, its hub refuses fewer than 4; ours is 4"
}
# What a job fills in: AWS's files hold placeholders, or nothing, in these places.
FILLED = {"data_s3_path", "output_s3_path", "reward_lambda_arn", "customer_bucket", "kms_key"}


def aws_files() -> list[Path]:
    names = {row.name for row in ROWS}
    return sorted(path for path in REFERENCE.rglob("*nova*.yaml") if path.stem in names)


def leaves(node: Any, path: str = "") -> dict[str, Any]:
    """Every value of a document by dotted path; an empty mapping is a value."""
    if not isinstance(node, dict) or not node:
        return {path: node}
    return {p: v for key, child in node.items() for p, v in leaves(child, f"{path}.{key}".strip(".")).items()}


def as_aws_reads(path: Path) -> dict[str, Any]:
    """The file, its interpolations resolved, which name its root or, for PPO, the launcher's `recipes`."""
    content = OmegaConf.load(path)
    root = OmegaConf.merge(content, {"recipes": content})
    resolved = OmegaConf.to_container(root, resolve=True)
    assert isinstance(resolved, dict)
    return leaves({key: value for key, value in resolved.items() if key != "recipes"})


@pytest.mark.skipif(not REFERENCE.exists(), reason="AWS's recipe files are not here")
def test_every_nova_file_of_aws_has_its_row() -> None:
    files = {path.stem for path in REFERENCE.rglob("*nova*.yaml")}
    assert files
    assert files - {row.name for row in ROWS} == set()


@pytest.mark.parametrize("path", aws_files(), ids=lambda path: path.stem)
def test_the_default_recipe_equals_the_file_that_aws_ships(path: Path) -> None:
    row = next(row for row in ROWS if row.name == path.stem)
    recipe = default_recipe(row)
    theirs = as_aws_reads(path)
    inputs: dict[str, Any] = {
        key.filled_with: theirs[key.path] for key in recipe.keys if key.filled_with in FILLED
    }
    ours = leaves(document(recipe, job_name="job", model=recipe.base_model.model, inputs=inputs))
    differing = {key for key in theirs.keys() | ours.keys() if theirs.get(key, ...) != ours.get(key, ...)}
    accepted = NAMES | ({"run.replicas"} if row.name in DISPUTED_REPLICAS else set())
    assert differing <= accepted
    assert list(ours) == list(theirs)
    quoted = {key for key, value in theirs.items() if isinstance(value, str)} - NAMES
    assert [key for key in quoted if not isinstance(ours[key], str)] == []
