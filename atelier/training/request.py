"""The CreateTrainingJob request of a Nova recipe.

Shape: what AWS's SageMaker Python SDK sends for `ModelTrainer.from_recipe` (held to it by a contract test),
plus hyperparameter `model_type` of its version 2, so that either generation of container finds what it reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from atelier import names
from atelier.recipes import Recipe

RECIPE_FOLDER = "/opt/ml/input/data/recipe"
# The SDK's own default: weights stay in AWS's escrow account, the volume holds data and logs.
_VOLUME_GIB = 30
_RECIPE_CHANNEL = "recipe"


class JobEnvironment(Protocol):
    """What a deployed environment gives to its jobs (lambdas/settings.py has it)."""

    @property
    def environment(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def bucket(self) -> str: ...
    @property
    def key_arn(self) -> str: ...
    @property
    def training_role_arn(self) -> str: ...
    @property
    def subnet_ids(self) -> Sequence[str]: ...
    @property
    def security_group_ids(self) -> Sequence[str]: ...


def training_job_request(
    *,
    run_id: str,
    step: str,
    recipe: Recipe,
    image_uri: str,
    model: str,
    data: Sequence[Mapping[str, Any]],
    output_prefix: str,
    max_runtime_hours: float,
    environment: JobEnvironment,
) -> dict[str, Any]:
    """The boto3 request. `model` is a base model path or a checkpoint's URI; `data` are made by `channel`."""
    bucket = environment.bucket
    recipe_uri = f"s3://{bucket}/{names.recipe_key(run_id, step)}"
    source = "base_model_location" if model.startswith("s3://") else "base_model"
    request: dict[str, Any] = {
        "TrainingJobName": names.operation_name(run_id, step),
        "RoleArn": environment.training_role_arn,
        "AlgorithmSpecification": {"TrainingImage": image_uri, "TrainingInputMode": "File"},
        "HyperParameters": {
            "sagemaker_recipe_local_path": f"{RECIPE_FOLDER}/recipe.yaml",
            "model_type": recipe.base_model.model_type,
            source: model,
        },
        "InputDataConfig": [*data, channel(_RECIPE_CHANNEL, recipe_uri) | {"InputMode": "File"}],
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{bucket}/{output_prefix}",
            "KmsKeyId": environment.key_arn,
            "CompressionType": "GZIP",
        },
        # No VolumeKmsKeyId: GPU instances have local NVMe storage, for which SageMaker refuses one.
        "ResourceConfig": {
            "InstanceType": recipe.instance_type,
            "InstanceCount": recipe.replicas,
            "VolumeSizeInGB": _VOLUME_GIB,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": math.ceil(max_runtime_hours * 3600)},
        "Tags": [{"Key": names.RUN_TAG, "Value": run_id}, {"Key": names.STEP_TAG, "Value": step}],
    }
    if environment.subnet_ids:
        request["VpcConfig"] = {
            "Subnets": list(environment.subnet_ids),
            "SecurityGroupIds": list(environment.security_group_ids),
        }
    return request


def channel(name: str, uri: str, *, s3_data_type: str = "S3Prefix") -> dict[str, Any]:
    """An input channel. With type `Converse` SageMaker checks Nova's SFT and DPO data on submission."""
    source = {"S3DataType": s3_data_type, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
