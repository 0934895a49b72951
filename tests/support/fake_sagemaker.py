"""SageMaker's training jobs behind boto3's client: stored, with the service's own errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError


class FakeSageMaker:
    """Training jobs by name; `refusals` are raised by the next calls."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.refusals: list[str] = []

    def create_training_job(self, **request: Any) -> Mapping[str, Any]:
        """Start, or refuse a name that is taken."""
        if self.refusals:
            raise refused(self.refusals.pop(0), "CreateTrainingJob")
        name = request["TrainingJobName"]
        if name in self.jobs:
            raise refused("ResourceInUse", "CreateTrainingJob")
        arn = f"arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}"
        self.jobs[name] = {
            **request,
            "TrainingJobArn": arn,
            "TrainingJobStatus": "InProgress",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
        }
        return {"TrainingJobArn": arn}

    def describe_training_job(self, *, TrainingJobName: str) -> Mapping[str, Any]:  # noqa: N803 - boto3's
        """The job."""
        if TrainingJobName not in self.jobs:
            raise refused("ValidationException", "DescribeTrainingJob", "Requested resource not found.")
        return self.jobs[TrainingJobName]

    def stop_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803 - boto3's
        """Ask it to stop; only one that runs can be."""
        job = self.jobs.get(TrainingJobName, {})
        if job.get("TrainingJobStatus") not in ("InProgress", "Stopping"):
            raise refused("ValidationException", "StopTrainingJob")
        job["TrainingJobStatus"] = "Stopping"


def refused(code: str, operation: str, message: str = "the reason") -> ClientError:
    """The service's refusal."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
