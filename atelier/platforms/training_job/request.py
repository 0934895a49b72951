"""The CreateTrainingJob request of a recipe.

It is the request that AWS's SageMaker Python SDK sends for `ModelTrainer.from_recipe`; a contract test
compares them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from atelier import names
from atelier.platforms.base import JobEnvironment, JobSpec
from atelier.platforms.container import RECIPE, has_open_weights, hyperparameters
from atelier.platforms.resolved_stage import MAIN_IMAGE

# The SDK's default. GPU instances have local NVMe storage: SageMaker uses all of it for any smaller size, and
# refuses larger sizes. On other instances the volume has only data and logs: AWS keeps Nova's weights.
_VOLUME_GIB = 30


def training_job_request(
    spec: JobSpec,
    *,
    document: Mapping[str, Any],
    data: Sequence[Mapping[str, Any]],
    environment: JobEnvironment,
) -> dict[str, Any]:
    """The boto3 request.

    `document` is the recipe as its container reads it; `data` has channels from `channel`.
    """
    stage, bucket = spec.stage, environment.bucket
    recipe_uri = f"s3://{bucket}/{names.recipe_key(spec.run_id, spec.step)}"
    distils = bool(document.get("training_config", {}).get("distillation_data"))
    role_arn = environment.distillation_role_arn if distils else environment.training_role_arn
    leaves_weights = has_open_weights(document["run"].get("model_type", "")) and "evaluation" not in document
    request: dict[str, Any] = {
        "TrainingJobName": spec.name,
        "RoleArn": role_arn,
        "AlgorithmSpecification": {"TrainingImage": stage.images[MAIN_IMAGE], "TrainingInputMode": "File"},
        "HyperParameters": hyperparameters(document, role_arn=role_arn),
        "InputDataConfig": [*data, channel(RECIPE, recipe_uri) | {"InputMode": "File"}],
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{bucket}/{spec.output_prefix}",
            "KmsKeyId": environment.key_arn,
            # Open weights are not compressed: the next stage reads the files, and Bedrock imports no archive.
            "CompressionType": "NONE" if leaves_weights else "GZIP",
        },
        # No VolumeKmsKeyId: SageMaker refuses it for GPU instances, which have local NVMe storage.
        "ResourceConfig": {
            "InstanceType": stage.instance.name if stage.instance else None,
            "InstanceCount": stage.replicas,
            "VolumeSizeInGB": _VOLUME_GIB,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": math.ceil(stage.max_runtime_hours * 3600)},
        "Tags": [{"Key": names.RUN_TAG, "Value": spec.run_id}, {"Key": names.STEP_TAG, "Value": spec.step}],
    }
    if environment.subnet_ids:
        request["VpcConfig"] = {
            "Subnets": list(environment.subnet_ids),
            "SecurityGroupIds": list(environment.security_group_ids),
        }
    return request


def channel(name: str, uri: str, *, s3_data_type: str = "S3Prefix") -> dict[str, Any]:
    """An input channel. For `Converse`, SageMaker checks Nova's SFT and DPO data on submission."""
    source = {"S3DataType": s3_data_type, "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
