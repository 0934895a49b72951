"""SubmitTrainingJob and SubmitEvaluation where a part's platform is one of the environment's clusters."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
import yaml

from atelier.errors import UnsupportedCombination
from atelier.operations.model import OperationState
from atelier.platforms.eks.job import ClusterJob
from atelier.platforms.slurm.cluster import Partition, SlurmCluster
from atelier.platforms.slurm.job import SlurmJob
from atelier.recipes.catalogue import catalogue
from atelier.registry import HYPERPOD_EKS, HYPERPOD_SLURM
from lambdas.handlers import submit_evaluation, submit_training_job, validate_run
from tests.fixtures.cluster_jobs import RESTRICTED
from tests.fixtures.handlers import World
from tests.fixtures.runs import BUCKET, RUN_ID, a_run, a_stage

TRAIN = f"s3://{BUCKET}/datasets/a/train.jsonl"
CHECKPOINT = "s3://customer-escrow-111122223333-hp-x/earlier/step_40"
SLURM = SlurmCluster(
    name="slurm",
    region="us-east-1",
    queue_name="atelier-dev-slurm-jobs",
    partitions=(Partition(name="compute", instance_type="ml.g5.12xlarge", nodes=2),),
)


@pytest.fixture(autouse=True)
def _clusters(world: World) -> None:
    world.settings = replace(world.settings, clusters=(RESTRICTED, SLURM))


def train(run: dict[str, Any], **changes: Any) -> None:
    event = {"run_id": RUN_ID, "run": run, "stage_index": 0, "checkpoint": None, "stages": []}
    submit_training_job.handler(event | {"task_token": "token-1"} | changes, None)


def test_a_stage_on_eks_is_objects_for_kubernetes_and_reads_its_data_from_s3(world: World) -> None:
    train(a_run(stages=[a_stage(platform="hyperpod-eks", max_runtime_hours=2)]))
    operation = world.operations.rows[RUN_ID, "s0"]
    assert (operation.kind, operation.state) == (HYPERPOD_EKS, OperationState.STARTED)
    assert world.platforms[HYPERPOD_EKS].starts == [f"{RUN_ID}-s0"]
    assert world.jobs.starts == []
    job = ClusterJob.from_request(operation.request)
    assert (job.cluster, [one["kind"] for one in job.objects]) == ("nova", ["PyTorchJob", "ConfigMap"])
    recipe = yaml.safe_load(world.objects.stored[f"s3://{BUCKET}/runs/{RUN_ID}/recipe/s0/recipe.yaml"])
    assert recipe == yaml.safe_load(job.recipe)
    assert (recipe["run"]["data_s3_path"], recipe["run"]["output_s3_path"]) == (
        TRAIN,
        f"s3://{BUCKET}/runs/{RUN_ID}/output/",
    )


def test_the_deadline_lies_beyond_the_clusters_own_limit(world: World) -> None:
    train(a_run(stages=[a_stage(platform="hyperpod-eks", max_runtime_hours=2)]))
    operation = world.operations.rows[RUN_ID, "s0"]
    (policy,) = (
        one["spec"]["runPolicy"] for one in operation.request["objects"] if one["kind"] == "PyTorchJob"
    )
    assert operation.deadline == world.now + policy["activeDeadlineSeconds"] + 900


def test_a_stage_on_slurm_is_a_bundle_that_starts_from_the_base_model_s_files(world: World) -> None:
    run = a_run(
        base_model="llama-3-1-8b-instruct", stages=[a_stage(platform="hyperpod-slurm")], deployment=None
    )
    train(run)
    operation = world.operations.rows[RUN_ID, "s0"]
    job = SlurmJob.from_request(operation.request)
    assert (operation.kind, job.cluster, job.partition) == (HYPERPOD_SLURM, "slurm", "compute")
    assert [one.uri for one in job.data] == [TRAIN]
    assert job.model.uri == f"s3://{BUCKET}/base-models/llama-3-1-8b-instruct/"
    assert operation.deadline == world.now + job.active_seconds + 900


@pytest.mark.parametrize(("subject", "model"), [("candidate", CHECKPOINT), ("baseline", "nova-micro/prod")])
def test_an_evaluation_on_eks_measures_the_model_it_was_given(world: World, subject: str, model: str) -> None:
    evaluation = {"task": "gen_qa", "dataset": f"s3://{BUCKET}/d/gen_qa.jsonl", "platform": "hyperpod-eks"}
    event = {
        "run_id": RUN_ID,
        "run": a_run(evaluation=[evaluation]),
        "evaluation_index": 0,
        "subject": subject,
        "model": model,
        "task_token": "token-1",
    }
    submit_evaluation.handler(event, None)
    operation = world.operations.rows[RUN_ID, f"e0{subject[0]}"]
    recipe = yaml.safe_load(ClusterJob.from_request(operation.request).recipe)
    assert (recipe["run"]["model_name_or_path"], recipe["run"]["data_s3_path"]) == (
        model,
        f"s3://{BUCKET}/d/gen_qa.jsonl",
    )
    assert recipe["run"]["output_s3_path"] == f"s3://{BUCKET}/runs/{RUN_ID}/evaluation/"


def test_a_cluster_that_is_gone_since_the_run_was_planned_is_named(world: World) -> None:
    run = a_run(stages=[a_stage(platform="hyperpod-eks")])
    validate_run.handler({"run_id": RUN_ID, "run": run}, None)
    world.settings = replace(world.settings, clusters=())
    with pytest.raises(UnsupportedCombination, match=r"cluster = 'nova': .* any more; it has no cluster"):
        train(run)
    assert world.operations.rows == {}


def test_a_planned_run_is_submitted_without_the_recipe_catalogue(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(stages=[a_stage(platform="hyperpod-eks")])
    validate_run.handler({"run_id": RUN_ID, "run": run}, None)
    module = sys.modules["atelier.recipes.catalogue"]
    monkeypatch.setattr(module, "load", lambda _folder: pytest.fail("the catalogue was read"))
    catalogue.cache_clear()
    train(run)
    assert world.platforms[HYPERPOD_EKS].starts == [f"{RUN_ID}-s0"]
