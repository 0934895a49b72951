"""AWS's SageMaker Python SDK, run to the point where its requests would leave the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

_NO_TELEMETRY = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


@dataclass
class Intercepted:
    """A boto session whose calls are recorded and answered here: nothing reaches a network."""

    bucket: str
    created: dict[str, Any] = field(default_factory=dict)
    uploaded: bytes = b""

    def session(self) -> boto3.Session:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
        )
        session.events.register("before-parameter-build.sagemaker.CreateTrainingJob", self._created)
        session.events.register("before-call", self._answer)  # type: ignore[arg-type]
        return session

    def _created(self, params: Mapping[str, Any], **_rest: object) -> None:
        self.created = dict(params)

    def _answer(self, model: Any, params: Mapping[str, Any], **_rest: object) -> tuple[AWSResponse, Any]:
        name = model.name
        if name == "PutObject":
            self.uploaded = params["body"].read()
        if model.service_model.service_name == "iam":
            # The SDK asks whether the role would do, and goes on when it may not ask.
            return _response(403), {"Error": {"Code": "AccessDenied", "Message": "not yours to see"}}
        answers: dict[str, Any] = {
            "ListBuckets": {"Buckets": [{"Name": self.bucket}]},
            "CreateTrainingJob": {
                "TrainingJobArn": "arn:aws:sagemaker:us-east-1:111122223333:training-job/job"
            },
            "DescribeTrainingJob": {"TrainingJobName": "job", "TrainingJobStatus": "InProgress"},
        }
        return _response(200), answers.get(name, {})


def sent_by_model_trainer(
    recipe_file: str, *, like: Mapping[str, Any], bucket: str
) -> tuple[dict[str, Any], bytes]:
    """What `ModelTrainer.from_recipe(...).train()` sends for a recipe, and the recipe it uploads.

    `like` is a request of ours: data, role, image, instances, output, limits and tags are the caller's to
    choose, so they are taken from it; everything else the SDK makes itself.
    """
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.shapes import StoppingCondition, Tag
    from sagemaker.core.training.configs import (
        Channel,
        Compute,
        DataSource,
        Networking,
        OutputDataConfig,
        S3DataSource,
    )
    from sagemaker.train import ModelTrainer

    intercepted = Intercepted(bucket)
    channels = [
        (channel["ChannelName"], channel["DataSource"]["S3DataSource"])
        for channel in like["InputDataConfig"]
        if channel["ChannelName"] != "recipe"
    ]
    resources, vpc = like["ResourceConfig"], like["VpcConfig"]
    trainer = ModelTrainer.from_recipe(
        training_recipe=recipe_file,
        compute=Compute(
            instance_type=resources["InstanceType"],
            instance_count=resources["InstanceCount"],
            volume_size_in_gb=resources["VolumeSizeInGB"],
        ),
        networking=Networking(subnets=vpc["Subnets"], security_group_ids=vpc["SecurityGroupIds"]),
        training_image=like["AlgorithmSpecification"]["TrainingImage"],
        output_data_config=OutputDataConfig(
            s3_output_path=like["OutputDataConfig"]["S3OutputPath"],
            kms_key_id=like["OutputDataConfig"]["KmsKeyId"],
            compression_type=like["OutputDataConfig"]["CompressionType"],
        ),
        stopping_condition=StoppingCondition(
            max_runtime_in_seconds=like["StoppingCondition"]["MaxRuntimeInSeconds"]
        ),
        input_data_config=[
            Channel(
                channel_name=name,
                data_source=DataSource(
                    s3_data_source=S3DataSource(
                        s3_data_type=source["S3DataType"],
                        s3_uri=source["S3Uri"],
                        s3_data_distribution_type=source["S3DataDistributionType"],
                    )
                ),
            )
            for name, source in channels
        ],
        tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in like["Tags"]],
        role=like["RoleArn"],
        base_job_name="job",
        sagemaker_session=Session(
            boto_session=intercepted.session(), default_bucket=bucket, sagemaker_config=_NO_TELEMETRY
        ),
    )
    trainer.train(wait=False, logs=False)
    return intercepted.created, intercepted.uploaded


def _response(status: int) -> AWSResponse:
    return AWSResponse("https://intercepted", status, HTTPHeaders(), None)
