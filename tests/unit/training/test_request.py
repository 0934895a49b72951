"""The request that starts a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from atelier.runs import parse_run
from atelier.training.jobs import Job, evaluation_job, training_job
from lambdas.settings import Settings
from tests.support.runs import BUCKET, RUN_ID, SETTINGS, a_run, a_stage

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"
IN_A_VPC = replace(SETTINGS, subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",))


def stage_job(settings: Settings = SETTINGS, checkpoint: str | None = None, **stage: Any) -> Job:
    run = parse_run(a_run(stages=[a_stage(**stage)]))
    return training_job(run, run_id=RUN_ID, stage_index=0, checkpoint=checkpoint, environment=settings)


def uris(job: Job) -> dict[str, tuple[str, str]]:
    sources = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]
        for channel in job.request["InputDataConfig"]
    }
    return {name: (source["S3DataType"], source["S3Uri"]) for name, source in sources.items()}


def test_a_stage_reads_its_data_as_conversations_and_its_recipe_as_a_file() -> None:
    job = stage_job(validation=f"s3://{BUCKET}/datasets/a/validation.jsonl")
    assert uris(job) == {
        "train": ("Converse", f"s3://{BUCKET}/datasets/a/train.jsonl"),
        "validation": ("Converse", f"s3://{BUCKET}/datasets/a/validation.jsonl"),
        "recipe": ("S3Prefix", job.recipe_uri),
    }
    assert job.recipe_uri == f"s3://{BUCKET}/runs/{RUN_ID}/recipe/s0/recipe.yaml"


def test_a_stage_starts_from_the_base_model_or_from_the_checkpoint_and_never_from_both() -> None:
    shared = {
        "sagemaker_recipe_local_path": "/opt/ml/input/data/recipe/recipe.yaml",
        "model_type": "amazon.nova-micro-v1:0:128k",
    }
    assert stage_job().request["HyperParameters"] == shared | {"base_model": "nova-micro/prod"}
    continued = stage_job(checkpoint=CHECKPOINT).request["HyperParameters"]
    assert continued == shared | {"base_model_location": CHECKPOINT}


def test_a_job_says_whose_it_is() -> None:
    assert stage_job().request["Tags"] == [
        {"Key": "atelier:run_id", "Value": RUN_ID},
        {"Key": "atelier:step", "Value": "s0"},
    ]


def test_what_the_job_writes_is_encrypted_with_the_environments_key() -> None:
    assert stage_job().request["OutputDataConfig"] == {
        "S3OutputPath": f"s3://{BUCKET}/runs/{RUN_ID}/output/",
        "KmsKeyId": SETTINGS.key_arn,
        "CompressionType": "GZIP",
    }


def test_the_instances_are_the_recipes() -> None:
    job = stage_job(instance_type="ml.p5en.48xlarge", replicas=8)
    resources = job.request["ResourceConfig"]
    assert resources == {"InstanceType": "ml.p5en.48xlarge", "InstanceCount": 8, "VolumeSizeInGB": 30}


def test_a_job_runs_in_the_environments_network_where_it_has_one() -> None:
    assert "VpcConfig" not in stage_job().request
    assert stage_job(IN_A_VPC).request["VpcConfig"] == {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }


def test_each_technique_has_its_own_container() -> None:
    images = {
        technique: stage_job(technique=technique).request["AlgorithmSpecification"]["TrainingImage"]
        for technique in ("sft", "dpo")
    }
    assert images == {
        "sft": "708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-SFT-latest",
        "dpo": "708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-DPO-latest",
    }


def test_part_of_an_hour_is_a_limit_in_whole_seconds() -> None:
    assert stage_job(max_runtime_hours=0.0001).request["StoppingCondition"] == {"MaxRuntimeInSeconds": 1}


def test_a_job_of_the_same_run_is_the_same_bytes() -> None:
    assert stage_job() == stage_job()


@pytest.mark.parametrize("base_model", ["nova-micro", "nova-lite", "nova-pro", "nova-2-lite", "atelier-tiny"])
def test_botocore_accepts_every_request(base_model: str) -> None:
    sagemaker = botocore.session.get_session().get_service_model("sagemaker")
    shape = sagemaker.operation_model("CreateTrainingJob").input_shape
    assert shape is not None
    environment = "local" if base_model == "atelier-tiny" else "dev"
    settings = replace(IN_A_VPC, environment=environment)
    run = parse_run(a_run(base_model=base_model))
    jobs = [
        training_job(run, run_id=RUN_ID, stage_index=0, checkpoint=None, environment=settings),
        evaluation_job(
            run, run_id=RUN_ID, evaluation_index=0, subject="baseline", model="m", environment=settings
        ),
    ]
    for job in jobs:
        assert ParamValidator().validate(dict(job.request), shape).generate_report() == ""
