"""Port TrainingJobs on SageMaker training jobs; evaluation jobs are training jobs too.

CreateTrainingJob has no idempotency token: the job's name is the key, so "in use" is success when the job
under the name is the one of this run. Shapes and states: botocore, service model sagemaker/2017-07-24.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.errors import CapacityUnavailable, JobFailed, RequestRefused
from atelier.operations.model import Operation, Phase, Status
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

_LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_CAPACITY_REASONS = ("CapacityError", "InsufficientCapacity", "ResourceLimitExceeded", "Unable to provision")


class SageMakerTrainingJobs:
    """Jobs on platform `training-job`."""

    ends_by_itself = False

    def __init__(self, *, sagemaker: SageMakerClient, logs: CloudWatchLogsClient) -> None:
        self._sagemaker = sagemaker
        self._logs = logs

    def submit(self, operation: Operation) -> None:
        """Start the job, or find it. RequestRefused when another job holds the name."""
        with domain_errors("sagemaker:CreateTrainingJob", operation.name):
            try:
                self._sagemaker.create_training_job(**operation.request)
            except ClientError as error:
                if error_code(error) != "ResourceInUse":
                    raise
                self._require_ours(operation)

    def describe(self, operation: Operation) -> Status:
        """The job's truth; its result is what the workflow's state returns."""
        job = self._describe(operation.name)
        return status_of(job) if job else Status(Phase.ABSENT)

    def stop(self, operation: Operation) -> None:
        """Ask the job to stop; a job that has ended or never was is success."""
        with domain_errors("sagemaker:StopTrainingJob", operation.name):
            try:
                self._sagemaker.stop_training_job(TrainingJobName=operation.name)
            except ClientError as error:
                if error_code(error) not in ("ValidationException", "ResourceNotFound"):
                    raise
                # SageMaker answers ValidationException for a job that has ended and for one it does not know.
                job = self._describe(operation.name)
                if job and job["TrainingJobStatus"] == "InProgress":
                    raise

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterator[str]:
        """The job's log lines so far, oldest first; none when there is no log yet."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=_LOG_GROUP,
            logStreamNamePrefix=f"{job_name}/",
            # CloudWatch Logs, filter pattern syntax: `?"a" ?"b"` is any of them, nothing is every line.
            filterPattern=" ".join(f'?"{text}"' for text in containing),
        )
        with domain_errors("logs:FilterLogEvents", _LOG_GROUP):
            try:
                for page in pages:
                    yield from (event["message"] for event in page["events"])
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise

    def _describe(self, name: str) -> Mapping[str, Any] | None:
        with domain_errors("sagemaker:DescribeTrainingJob", name):
            try:
                return self._sagemaker.describe_training_job(TrainingJobName=name)
            except ClientError as error:
                # The service model names ResourceNotFound; the service says ValidationException.
                if error_code(error) == "ResourceNotFound" or "resource not found" in str(error):
                    return None
                raise

    def _require_ours(self, operation: Operation) -> None:
        job = self._describe(operation.name) or {}
        requested, found = _identity(operation.request), _identity(job)
        differing = [name for name in requested if requested[name] != found[name]]
        if differing:
            raise RequestRefused(
                f"sagemaker:CreateTrainingJob on {operation.name}: the name is taken by a job with another "
                + ", ".join(f"{name} ({found[name]!r}, not {requested[name]!r})" for name in differing)
            )


def status_of(job: Mapping[str, Any]) -> Status:
    """A DescribeTrainingJob answer as the domain's status."""
    phase, detail = job["TrainingJobStatus"], job.get("SecondaryStatus", "")
    if phase == "Completed":
        return Status(Phase.SUCCEEDED, result=_result(job), detail=detail)
    if phase == "Failed":
        reason = job.get("FailureReason") or "SageMaker gives no reason"
        out_of_capacity = any(known in reason for known in _CAPACITY_REASONS)
        error = CapacityUnavailable if out_of_capacity else JobFailed
        cause = f"training job {job['TrainingJobName']} failed: {reason}"
        return Status(Phase.FAILED, error=error.__name__, cause=cause, detail=detail)
    if phase == "Stopped":
        limit = job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds")
        why = (
            f"it ran into its limit of {limit} s" if detail == "MaxRuntimeExceeded" else "someone stopped it"
        )
        cause = f"training job {job['TrainingJobName']} was stopped: {why}"
        return Status(
            Phase.STOPPED, result=_result(job), error=JobFailed.__name__, cause=cause, detail=detail
        )
    return Status(Phase.RUNNING, detail=detail or phase, is_stopping=phase == "Stopping")


def _result(job: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "job_name": job["TrainingJobName"],
        "job_arn": job["TrainingJobArn"],
        "output_s3_path": job["OutputDataConfig"]["S3OutputPath"],
        "model_artifacts": job["ModelArtifacts"]["S3ModelArtifacts"],
        "seconds": _seconds(job),
    }


def _seconds(job: Mapping[str, Any]) -> int:
    if "TrainingTimeInSeconds" in job:
        return int(job["TrainingTimeInSeconds"])
    if "TrainingStartTime" not in job:
        return 0
    elapsed: timedelta = job["TrainingEndTime"] - job["TrainingStartTime"]
    return round(elapsed.total_seconds())


def _identity(job: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two jobs the same work: what they read, where they write, and with which settings."""
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in job.get("InputDataConfig", [])
    }
    return {
        "HyperParameters": job.get("HyperParameters"),
        "InputDataConfig": channels,
        "S3OutputPath": job.get("OutputDataConfig", {}).get("S3OutputPath"),
    }
