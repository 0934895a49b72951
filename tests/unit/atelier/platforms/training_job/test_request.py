"""The request that starts a job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from atelier.jobs.run_jobs import Job, evaluation_job, training_job
from atelier.runs.plan import Plan
from lambdas.settings import Settings
from tests.fixtures.objects import FakeObjects
from tests.fixtures.plans import a_plan, plan_of
from tests.fixtures.runs import BUCKET, RUN_ID, SETTINGS, a_run, a_stage

CHECKPOINT = "s3://customer-escrow-111122223333-smtj-x/earlier/step_40"
IN_A_VPC = replace(SETTINGS, subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",))


def stage_job(
    settings: Settings = SETTINGS,
    checkpoint: str | None = None,
    base_model: str = "nova-micro",
    **stage: Any,
) -> Job:
    plan = a_plan(base_model=base_model, stages=[a_stage(**stage)], deployment=None)
    return submitted(plan, settings, checkpoint)


def submitted(plan: Plan, settings: Settings = SETTINGS, checkpoint: str | None = None) -> Job:
    return training_job(
        plan.stages[0],
        run_id=RUN_ID,
        stage_index=0,
        checkpoint=checkpoint,
        objects=FakeObjects(),
        environment=settings,
    )


def recipe_of(job: Job) -> dict[str, Any]:
    recipe: dict[str, Any] = yaml.safe_load(job.recipe_yaml)
    return recipe


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


def test_a_reward_function_is_named_to_the_container_and_in_its_recipe() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:SageMaker-reward"
    job = stage_job(base_model="nova-2-lite", technique="rft", reward_lambda_arn=arn)
    assert job.request["HyperParameters"]["reward_lambda_arn"] == arn
    assert recipe_of(job)["run"]["reward_lambda_arn"] == arn
    assert uris(job)["train"][0] == "S3Prefix"


def test_a_distillation_names_the_role_and_the_key_that_it_works_with_and_no_model() -> None:
    stages = [a_stage(technique="distillation", teacher="nova-pro"), {"technique": "sft"}]
    job = submitted(a_plan(stages=stages))
    assert job.request["HyperParameters"] == {
        "sagemaker_recipe_local_path": "/opt/ml/input/data/recipe/recipe.yaml",
        "model_type": "amazon.nova-pro-v1:0:300k",
        "distillation_data": "true",
        "role_arn": SETTINGS.distillation_role_arn,
        "kms_key": SETTINGS.key_arn,
    }
    assert job.request["RoleArn"] == SETTINGS.distillation_role_arn
    config = recipe_of(job)["training_config"]
    assert (config["customer_bucket"], config["kms_key"]) == (f"s3://{BUCKET}", SETTINGS.key_arn)
    assert uris(job)["train"] == ("S3Prefix", f"s3://{BUCKET}/datasets/a/train.jsonl")


def test_a_benchmark_brings_its_own_questions() -> None:
    job = evaluation_job(
        a_plan(evaluation=[{"task": "mmlu"}], gate=[]).evaluations[0],
        run_id=RUN_ID,
        evaluation_index=0,
        subject="candidate",
        model="nova-micro/prod",
        environment=SETTINGS,
    )
    assert list(uris(job)) == ["recipe"]
    assert recipe_of(job)["evaluation"]["task"] == "mmlu"


def test_open_weights_come_and_go_as_files() -> None:
    job = stage_job(
        base_model="llama-3-1-8b-instruct", validation=f"s3://{BUCKET}/datasets/a/validation.jsonl"
    )
    assert uris(job) == {
        "train": ("S3Prefix", f"s3://{BUCKET}/datasets/a/train.jsonl"),
        "validation": ("S3Prefix", f"s3://{BUCKET}/datasets/a/validation.jsonl"),
        "model": ("S3Prefix", f"s3://{BUCKET}/base-models/llama-3-1-8b-instruct/"),
        "recipe": ("S3Prefix", job.recipe_uri),
    }
    assert job.request["HyperParameters"] == {
        "sagemaker_recipe_local_path": "/opt/ml/input/data/recipe/recipe.yaml"
    }
    assert job.request["OutputDataConfig"]["CompressionType"] == "NONE"
    config = recipe_of(job)["training_config"]
    assert config["model_config"]["model_name_or_path"] == "/opt/ml/input/data/model"
    assert config["datasets"]["train_data"]["file_path"] == "/opt/ml/input/data/train/train.jsonl"
    assert config["datasets"]["val_data"]["file_path"] == "/opt/ml/input/data/validation/validation.jsonl"
    assert config["training_args"]["training_dir"] == "/opt/ml/model"


def test_open_weights_that_a_stage_made_are_the_next_ones_model() -> None:
    made = f"s3://{BUCKET}/runs/{RUN_ID}/output/{RUN_ID}-s0/output/model/"
    job = stage_job(checkpoint=made, base_model="llama-3-1-8b-instruct")
    assert uris(job)["model"] == ("S3Prefix", made)


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
    plan = plan_of(a_run(base_model=base_model), environment=environment)
    jobs = [
        submitted(plan, settings),
        evaluation_job(
            plan.evaluations[0],
            run_id=RUN_ID,
            evaluation_index=0,
            subject="baseline",
            model="m",
            environment=settings,
        ),
    ]
    for job in jobs:
        assert ParamValidator().validate(dict(job.request), shape).generate_report() == ""


class TestAnEvaluationOfOpenWeights:
    def job(self, **evaluation: Any) -> Job:
        plan = a_plan(base_model="llama-3-1-8b-instruct", evaluation=[evaluation], gate=[], deployment=None)
        return evaluation_job(
            plan.evaluations[0],
            run_id=RUN_ID,
            evaluation_index=0,
            subject="candidate",
            model="m",
            environment=SETTINGS,
        )

    def test_knows_its_model_by_the_hubs_name_and_finds_its_questions_in_a_channel(self) -> None:
        job = self.job(task="gen_qa", dataset=f"s3://{BUCKET}/datasets/b/gen_qa.jsonl")
        assert recipe_of(job)["run"]["base_model_name"] == "meta-textgeneration-llama-3-1-8b-instruct"
        assert recipe_of(job)["run"]["data_s3_path"] == "/opt/ml/input/data/train/"

    def test_of_a_benchmark_has_no_data(self) -> None:
        assert recipe_of(self.job(task="mmlu"))["run"]["data_s3_path"] == ""

    def test_leaves_its_results_in_the_archive_in_which_they_are_looked_for(self) -> None:
        job = self.job(task="mmlu")
        assert recipe_of(job)["output"]["eval_results_dir"] == "/opt/ml/output/data"
        assert job.request["OutputDataConfig"]["CompressionType"] == "GZIP"


def test_no_job_asks_for_a_larger_volume_than_its_instances_have() -> None:
    for base_model in ("nova-micro", "llama-3-1-8b-instruct"):
        assert stage_job(base_model=base_model).request["ResourceConfig"]["VolumeSizeInGB"] == 30
