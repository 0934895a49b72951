"""Every recipe of the embedded cloud's own models is one that its trainer reads, as Atelier renders it."""

from __future__ import annotations

from pathlib import Path

import pytest

from atelier.recipes.catalogue import catalogue
from atelier.recipes.document import dump
from atelier.recipes.render import document
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import resolve
from localcloud.trainer.jobs.llmft_recipe import read_llmft_recipe
from localcloud.trainer.jobs.recipe import read_recipe

GIVEN = {
    "data_s3_path": "s3://b/train.jsonl",
    "output_s3_path": "s3://b/output",
    "train_file": "/fsx/train.jsonl",
    "validation_file": "/fsx/validation.jsonl",
    "train_folder": "/opt/ml/input/data/train/",
    "output_dir": "/opt/ml/output/data",
}


OURS = tuple(name for name in catalogue().base_models if name.startswith("atelier-tiny"))


def wishes() -> list[RecipeRequest]:
    """One for each row of our models, on each of its platforms."""
    trained = [
        RecipeRequest(
            path="stages.0",
            base_model=name,
            environment="local",
            platform=platform,
            platforms_here=(platform,),
            technique=row.technique,
            adaptation=row.adaptation,
            instance_type=row.instance_types[0],
        )
        for name in OURS
        for row in catalogue().training_of(name)
        for platform in row.platforms
    ]
    evaluated = [
        RecipeRequest(
            path="evaluation.0",
            base_model=name,
            environment="local",
            platform=platform,
            platforms_here=(platform,),
            task=row.tasks[0],
            settings_field="inference",
        )
        for name in OURS
        for row in catalogue().evaluation_of(name)
        for platform in row.platforms
    ]
    return [*trained, *evaluated]


@pytest.mark.parametrize(
    "wanted",
    wishes(),
    ids=lambda each: f"{each.base_model} {each.technique or each.task} {each.adaptation} {each.platform}",
)
def test_a_recipe_of_ours_is_one_that_our_trainer_reads(wanted: RecipeRequest, tmp_path: Path) -> None:
    recipe = resolve(wanted, catalogue())
    path = tmp_path / "recipe.yaml"
    path.write_text(dump(document(recipe, job_name="a-job", model="atelier-tiny/prod", inputs=GIVEN)))
    read = read_llmft_recipe if wanted.platform == "hyperpod-slurm" else read_recipe
    assert read(path).run.name == "a-job"
