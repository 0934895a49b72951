"""Common parts of jobs on EKS and Slurm clusters: data from S3 and the time limit."""

from __future__ import annotations

from atelier.platforms.base import JobEnvironment, JobSpec
from atelier.platforms.container import TRAIN, VALIDATION

GRACE_SECONDS = 900
"""Time between a job's own limit and its deadline: `settle` runs every minute and must see the job's end."""


def inputs_of(spec: JobSpec) -> dict[str, str]:
    """The addresses of the job's data, by recipe placeholder."""
    data = spec.stage.data
    addresses = {
        "data_s3_path": spec.distilled_dataset_uri or data.get(TRAIN),
        "validation_data_s3_path": data.get(VALIDATION),
    }
    return {name: uri for name, uri in addresses.items() if uri}


def output_s3_path(spec: JobSpec, environment: JobEnvironment) -> str:
    """The URI below which the job writes its output."""
    return f"s3://{environment.bucket}/{spec.output_prefix}"
