"""SageMaker's training-job operations."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from localcloud.aws.services.authorization import Caller, ServiceRole, tag_context
from localcloud.aws.services.sagemaker import images
from localcloud.aws.services.sagemaker.jobs import Jobs, TrainingJob
from localcloud.aws.services.sagemaker.runner import DEFAULT_MAX_RUNTIME_SECONDS, Runner
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError

PRINCIPAL = "sagemaker.amazonaws.com"
UNSUPPORTED = (
    "ServerlessJobConfig",
    "ModelPackageConfig",
    "MlflowConfig",
    "CheckpointConfig",
    "TensorBoardOutputConfig",
)
DEFAULT_PAGE = 10


class TrainingJobOperations:
    """Create, describe, list, stop and delete training jobs."""

    def __init__(self, jobs: Jobs, runner: Runner) -> None:
        self._jobs = jobs
        self._runner = runner

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateTrainingJob": self.create,
            "DescribeTrainingJob": self.describe,
            "ListTrainingJobs": self.list,
            "StopTrainingJob": self.stop,
            "DeleteTrainingJob": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, call.params
        arn = _arn(caller, request["TrainingJobName"])
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        caller.require("sagemaker:CreateTrainingJob", arn, _conditions(request) | tag_context(tags))
        if tags:
            caller.require("sagemaker:AddTags", arn, tag_context(tags))
        role = ServiceRole(request["RoleArn"], caller.account_id)
        caller.require_pass_role(role.arn, PRINCIPAL)
        role.require_trust(PRINCIPAL, arn, caller.region)
        _require_runnable(request, caller)
        now = time.time()
        normalised = {"StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME_SECONDS}, **request}
        job = TrainingJob(arn, caller.account_id, caller.region, normalised, tags, created=now, modified=now)
        if not self._jobs.add(job):
            raise ServiceError(
                "ResourceInUse",
                "Training job names must be unique within an AWS account and region, "
                f"and a training job with this name already exists ({arn})",
            )
        self._runner.start(job)
        return {"TrainingJobArn": arn}

    def describe(self, call: Call) -> dict[str, Any]:
        return self._find(call, "sagemaker:DescribeTrainingJob").description()

    def list(self, call: Call) -> dict[str, Any]:
        call.caller.require("sagemaker:ListTrainingJobs")
        request = call.params
        found = [
            job
            for job in self._jobs.all()
            if (job.account_id, job.region) == (call.caller.account_id, call.caller.region)
            and request.get("NameContains", "").lower() in job.name.lower()
            and request.get("StatusEquals", job.status) == job.status
        ]
        keys = {"Name": lambda job: job.name, "Status": lambda job: job.status}
        found.sort(
            key=keys.get(request.get("SortBy", "CreationTime"), lambda job: job.created),
            reverse=request.get("SortOrder", "Descending") == "Descending",
        )
        first = int(request.get("NextToken", "0"))
        last = first + request.get("MaxResults", DEFAULT_PAGE)
        page = {"TrainingJobSummaries": [job.summary() for job in found[first:last]]}
        return page | ({"NextToken": str(last)} if last < len(found) else {})

    def stop(self, call: Call) -> dict[str, Any]:
        job = self._find(call, "sagemaker:StopTrainingJob")
        if job.status != "InProgress":
            raise ServiceError(
                "ValidationException",
                f"The request was rejected because the training job is in status {job.status}.",
            )
        self._runner.stop(job)
        return {}

    def delete(self, call: Call) -> dict[str, Any]:
        job = self._find(call, "sagemaker:DeleteTrainingJob")
        if not job.is_terminal:
            raise ServiceError(
                "ResourceInUse",
                f"Training job {job.name} is {job.status}: only a job that has ended can be deleted.",
            )
        self._jobs.remove(job)
        return {}

    def _find(self, call: Call, action: str) -> TrainingJob:
        arn = _arn(call.caller, call.params["TrainingJobName"])
        call.caller.require(action, arn)
        job = self._jobs.get(arn)
        if job is None:
            raise ServiceError("ResourceNotFound", "Requested resource not found.")
        return job


def _arn(caller: Caller, name: str) -> str:
    return f"arn:aws:sagemaker:{caller.region}:{caller.account_id}:training-job/{name}"


def _conditions(request: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of CreateTrainingJob that its request decides (service authorization reference)."""
    resources = request.get("ResourceConfig", {})
    network = request.get("VpcConfig", {})
    values = {
        "sagemaker:InstanceTypes": [resources["InstanceType"]] if "InstanceType" in resources else None,
        "sagemaker:MaxRuntimeInSeconds": request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"),
        "sagemaker:NetworkIsolation": str(request.get("EnableNetworkIsolation", False)).lower(),
        "sagemaker:InterContainerTrafficEncryption": str(
            request.get("EnableInterContainerTrafficEncryption", False)
        ).lower(),
        "sagemaker:OutputKmsKey": request["OutputDataConfig"].get("KmsKeyId"),
        "sagemaker:VolumeKmsKey": resources.get("VolumeKmsKeyId"),
        "sagemaker:VpcSubnets": network.get("Subnets"),
        "sagemaker:VpcSecurityGroupIds": network.get("SecurityGroupIds"),
    }
    return {
        key: str(value) if isinstance(value, int) else value
        for key, value in values.items()
        if value is not None
    }


def _require_runnable(request: Mapping[str, Any], caller: Caller) -> None:
    """Refuse images and instances that the embedded cloud cannot run, by name."""
    for name in UNSUPPORTED:
        if name in request:
            raise ServiceError(
                "ValidationException", f"the embedded cloud does not run training jobs with {name}"
            )
    for name in ("AlgorithmSpecification", "ResourceConfig"):
        if name not in request:
            raise ServiceError("ValidationException", f"{name} is required without ServerlessJobConfig")
    image = request["AlgorithmSpecification"].get("TrainingImage")
    known = images.known(caller.account_id, caller.region)
    if image not in known:
        raise ServiceError(
            "ValidationException",
            f"AlgorithmSpecification.TrainingImage {image!r} is not one the embedded cloud can run: "
            f"expected one of {', '.join(known)}",
        )
    if request["ResourceConfig"].get("InstanceCount", 1) != 1:
        raise ServiceError(
            "ResourceLimitExceeded",
            "the embedded cloud is one machine: ResourceConfig.InstanceCount must be 1, "
            f"got {request['ResourceConfig']['InstanceCount']}",
        )
    for channel in request.get("InputDataConfig", []):
        if "S3DataSource" not in channel["DataSource"]:
            raise ServiceError(
                "ValidationException",
                f"channel {channel['ChannelName']!r}: the embedded cloud reads S3DataSource only",
            )
