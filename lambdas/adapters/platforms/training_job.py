"""Adapter of platform training-job."""

from __future__ import annotations

from lambdas.adapters.platforms import AdapterContext
from lambdas.adapters.sagemaker_training_jobs import SageMakerTrainingJobs


def training_jobs(context: AdapterContext) -> SageMakerTrainingJobs:
    """SageMaker's API and CloudWatch Logs."""
    return SageMakerTrainingJobs(sagemaker=context.client("sagemaker"), logs=context.client("logs"))


job_logs = training_jobs
