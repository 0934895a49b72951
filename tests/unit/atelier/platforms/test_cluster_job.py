"""What a step of a run reads and starts from, where it goes to one of the environment's clusters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from atelier.platforms.cluster_job import job_on_cluster
from atelier.platforms.job_spec import JobSpec
from atelier.platforms.slurm.job import SlurmJob
from atelier.recipes import Recipe
from tests.fixtures.cluster_jobs import a_recipe as a_nova_recipe
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS
from tests.fixtures.slurm_jobs import CLUSTER, DATA, a_recipe

SETTINGS_WITH_CLUSTER = replace(SETTINGS, clusters=(CLUSTER,))
MADE = f"s3://{BUCKET}/runs/{RUN_ID}/distillation/made.jsonl"


def work(
    recipe: Recipe | None = None, *, checkpoint: str | None = None, distilled_dataset_uri: str | None = None
) -> JobSpec:
    return JobSpec(
        run_id=RUN_ID,
        step="s0",
        recipe=recipe or a_recipe(),
        checkpoint=checkpoint,
        data={"train": DATA},
        distilled_dataset_uri=distilled_dataset_uri,
        output_prefix=f"runs/{RUN_ID}/output/",
        max_runtime_hours=1,
    )


@pytest.mark.parametrize(("distilled_dataset_uri", "read"), [(None, DATA), (MADE, MADE)])
def test_what_a_distillation_made_is_read_in_place_of_the_run_s_own_data(
    distilled_dataset_uri: str | None, read: str
) -> None:
    job = SlurmJob.from_request(
        job_on_cluster(work(distilled_dataset_uri=distilled_dataset_uri), SETTINGS_WITH_CLUSTER).request
    )
    assert [one.uri for one in job.data] == [read]


def test_a_job_is_given_up_only_after_the_cluster_should_have_ended_it() -> None:
    rendering = job_on_cluster(work(), SETTINGS_WITH_CLUSTER)
    job = SlurmJob.from_request(rendering.request)
    assert rendering.seconds >= job.active_seconds + 15 * 60
    assert yaml.safe_load(rendering.recipe) == yaml.safe_load(job.recipe)


@pytest.mark.parametrize(
    ("checkpoint", "model"),
    [
        (None, f"s3://{BUCKET}/base-models/llama-3-2-1b-instruct/"),
        ("meta-textgeneration-llama-3-2-1b", f"s3://{BUCKET}/base-models/llama-3-2-1b-instruct/"),
        (f"s3://{BUCKET}/runs/x/output/x-s0/", f"s3://{BUCKET}/runs/x/output/x-s0/"),
    ],
)
def test_open_weights_are_files_even_where_the_baseline_is_called_by_a_name(
    checkpoint: str | None, model: str
) -> None:
    assert work(checkpoint=checkpoint).model(BUCKET) == model


def test_nova_is_called_by_its_name_or_its_checkpoint() -> None:
    recipe = a_nova_recipe()
    assert work(recipe).model(BUCKET) == recipe.base_model.model
    assert work(recipe, checkpoint="s3://escrow/step_4").model(BUCKET) == "s3://escrow/step_4"
