"""What jobs on both kinds of cluster share: data from S3, and an end by the cluster's own limits."""

from __future__ import annotations

from atelier.platforms.base import JobEnvironment, JobSpec
from atelier.platforms.container import TRAIN, VALIDATION

GRACE_SECONDS = 900
"""Between the end of a job by its own limit and its deadline, so that settle, every minute, sees the end."""


def inputs_of(spec: JobSpec) -> dict[str, str]:
    """The data's addresses by recipe placeholder."""
    data = spec.stage.data
    addresses = {
        "data_s3_path": spec.distilled_dataset_uri or data.get(TRAIN),
        "validation_data_s3_path": data.get(VALIDATION),
    }
    return {name: uri for name, uri in addresses.items() if uri}


def output_s3_path(spec: JobSpec, environment: JobEnvironment) -> str:
    """Where the job's output goes."""
    return f"s3://{environment.bucket}/{spec.output_prefix}"
