"""What a step of a run reads and starts from, where it goes to one of the environment's clusters."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from atelier.platforms.base import JobRequest, JobSpec
from atelier.platforms.registry import platform_named
from atelier.platforms.slurm.job import SlurmJob
from atelier.recipes.resolve import Recipe
from atelier.registry import HYPERPOD_SLURM
from tests.fixtures.cluster_jobs import a_recipe as a_nova_recipe
from tests.fixtures.plans import stage_of
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS
from tests.fixtures.slurm_jobs import CLUSTER, DATA, a_recipe

SETTINGS_WITH_CLUSTER = replace(SETTINGS, clusters=(CLUSTER,))
MADE = f"s3://{BUCKET}/runs/{RUN_ID}/distillation/made.jsonl"


def a_spec(
    recipe: Recipe | None = None, *, checkpoint: str | None = None, distilled_dataset_uri: str | None = None
) -> JobSpec:
    stage = stage_of(recipe or a_recipe(), cluster=CLUSTER.name, data={"train": DATA}, max_runtime_hours=1)
    return JobSpec(
        run_id=RUN_ID,
        step="s0",
        stage=stage,
        checkpoint=checkpoint,
        distilled_dataset_uri=distilled_dataset_uri,
    )


def requested(spec: JobSpec) -> JobRequest:
    return platform_named(HYPERPOD_SLURM).job_request(spec, SETTINGS_WITH_CLUSTER)


@pytest.mark.parametrize(("distilled_dataset_uri", "read"), [(None, DATA), (MADE, MADE)])
def test_what_a_distillation_made_is_read_in_place_of_the_run_s_own_data(
    distilled_dataset_uri: str | None, read: str
) -> None:
    job = SlurmJob.from_request(requested(a_spec(distilled_dataset_uri=distilled_dataset_uri)).request)
    assert [one.uri for one in job.data] == [read]


def test_a_job_is_given_up_only_after_the_cluster_should_have_ended_it() -> None:
    request = requested(a_spec())
    job = SlurmJob.from_request(request.request)
    assert request.seconds >= job.active_seconds + 15 * 60
    assert yaml.safe_load(request.recipe) == yaml.safe_load(job.recipe)


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
    assert a_spec(checkpoint=checkpoint).model(BUCKET) == model


def test_nova_is_called_by_its_name_or_its_checkpoint() -> None:
    recipe = a_nova_recipe()
    assert a_spec(recipe).model(BUCKET) == recipe.base_model.model
    assert a_spec(recipe, checkpoint="s3://escrow/step_4").model(BUCKET) == "s3://escrow/step_4"
