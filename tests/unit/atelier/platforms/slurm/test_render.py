"""A recipe becomes a job that a Slurm cluster's agent can run, or is refused before anything is submitted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from agents.slurm.bundle import parse
from atelier.errors import RequestRefused, UnsupportedCombination
from atelier.platforms.registry import platform_named
from atelier.platforms.slurm.cluster import Partition
from atelier.platforms.slurm.job import SlurmJob
from atelier.recipes.catalogue import catalogue
from atelier.recipes.request import RecipeRequest
from atelier.recipes.resolve import resolve
from atelier.registry import HYPERPOD_SLURM
from tests.fixtures.runs import BUCKET
from tests.fixtures.slurm_jobs import CLUSTER, NAME, OUTPUT, a_config, a_job, a_recipe

FOLDER = f"/fsx/atelier/jobs/{NAME}"


def test_a_job_reads_and_writes_below_its_own_folder_on_the_shared_file_system() -> None:
    job = a_job(validation_data_s3_path=f"s3://{BUCKET}/datasets/b/held out.jsonl")
    recipe = yaml.safe_load(job.recipe)
    config = recipe["training_config"]
    assert config["model_config"]["model_name_or_path"] == f"{FOLDER}/model"
    assert config["datasets"]["train_data"]["file_path"] == f"{FOLDER}/data/train/train.jsonl"
    assert config["datasets"]["val_data"]["file_path"] == f"{FOLDER}/data/validation/held out.jsonl"
    assert config["training_args"]["training_dir"] == f"{FOLDER}/output"
    assert recipe["run"]["results_dir"] == f"{FOLDER}/output"
    assert [one.path for one in job.data] == [
        f"{FOLDER}/data/train/train.jsonl",
        f"{FOLDER}/data/validation/held out.jsonl",
    ]


def test_a_linked_prefix_says_where_the_file_system_may_show_the_data() -> None:
    job = a_job()
    assert job.data[0].linked == "/fsx/datasets/a/train.jsonl"
    assert job.model.linked == ""


def test_as_many_processes_a_node_as_it_has_accelerators() -> None:
    job = a_job(a_recipe(replicas=2))
    recipe = yaml.safe_load(job.recipe)
    assert (job.nodes, job.gpus_per_node) == (2, 4)
    assert recipe["trainer"] == {"devices": 4, "num_nodes": 2}


def test_a_job_may_wait_run_for_all_of_its_time_and_upload_before_anybody_gives_it_up() -> None:
    job = a_job(max_runtime_hours=0.01)
    assert job.time_limit_minutes == 1, "Slurm counts minutes, and none is taken from the job"
    assert job.active_seconds == CLUSTER.start_within_seconds + 60 + 3600


def test_the_agent_takes_what_the_pipeline_writes() -> None:
    job = a_job(data_s3_path=f"s3://{BUCKET}/datasets/ü/$(reboot) `x`; 'y'.jsonl")
    bundle = parse(job.bundle_bytes(), job=job.name, config=a_config())
    assert bundle.recipe == job.recipe
    assert bundle.output_s3_uri == f"{OUTPUT}{NAME}/"


def test_a_job_comes_back_from_its_row_as_it_was() -> None:
    job = a_job()
    assert SlurmJob.from_request(json.loads(json.dumps(job.to_request()))) == job


@pytest.mark.parametrize("request_", [{"TrainingJobName": "x"}, {**a_job().to_request(), "more": 1}])
def test_the_request_of_another_service_is_refused(request_: dict[str, object]) -> None:
    with pytest.raises(RequestRefused, match="not a job of a Slurm cluster"):
        SlurmJob.from_request(request_)


def test_the_same_work_has_the_same_bytes_and_other_work_others() -> None:
    assert a_job().bundle_sha256 == a_job().bundle_sha256
    assert a_job().bundle_sha256 != a_job(data_s3_path=f"s3://{BUCKET}/datasets/x/train.jsonl").bundle_sha256


def test_a_recipe_of_nova_is_refused() -> None:
    request = RecipeRequest(
        path="stages.0",
        base_model="nova-micro",
        environment="dev",
        platform="hyperpod-eks",
        platforms_here=("hyperpod-eks",),
        technique="sft",
        adaptation="lora",
    )
    reason = platform_named(HYPERPOD_SLURM).unsupported_reason(resolve(request, catalogue()), None)
    assert reason is not None
    assert "hyperpod-slurm runs only AWS's llmft recipes" in reason


def test_the_catalogue_has_nothing_but_llmft_on_slurm() -> None:
    rows = [*catalogue().training, *catalogue().evaluation]
    on_slurm = [row for row in rows if "hyperpod-slurm" in row.platforms]
    assert on_slurm
    assert {row.template for row in on_slurm} == {"llmft_sft", "llmft_dpo"}


def test_weights_that_are_not_in_s3_are_refused() -> None:
    with pytest.raises(UnsupportedCombination, match=r"model = 'meta/llama'.* give an s3:// address"):
        a_job(model="meta/llama")


def test_a_cluster_without_enough_nodes_of_the_type_is_refused_with_what_it_has() -> None:
    small = replace(CLUSTER, partitions=(Partition(name="compute", instance_type="ml.g5.12xlarge", nodes=1),))
    with pytest.raises(UnsupportedCombination, match=r"has 1 ml\.g5\.12xlarge \(compute\)"):
        a_job(a_recipe(replicas=2), cluster=small)
