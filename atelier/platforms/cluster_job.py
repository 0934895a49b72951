"""Work as a job on one of the environment's own clusters, which reads its data from S3."""

from __future__ import annotations

from typing import Any

from atelier.platforms.clusters import cluster_for
from atelier.platforms.container import TRAIN, VALIDATION
from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.job_spec import JobRequest, JobSpec
from atelier.platforms.training_job.request import JobEnvironment
from atelier.recipes import catalogue

# Clusters end a job by its own limits; settle, which looks every minute, must see that before it gives up.
_MARGIN_SECONDS = 900


def job_on_cluster(spec: JobSpec, environment: JobEnvironment) -> JobRequest:
    """The job on the cluster that the work names, or on the only one that can do it.

    UnsupportedCombination when there is no such cluster, or nothing is known of how the job looks there.
    """
    cluster = cluster_for(spec.recipe, environment.clusters, spec.cluster)
    asked: dict[str, Any] = {
        "run_id": spec.run_id,
        "step": spec.step,
        "model": spec.model(environment.bucket),
        "inputs": _data(spec),
        "output_s3_path": f"s3://{environment.bucket}/{spec.output_prefix}",
        "max_runtime_hours": spec.max_runtime_hours,
        "shipped": catalogue(),
    }
    # Imported where they are needed: a function's cold start pays for one of them, or for none.
    if isinstance(cluster, Cluster):
        from atelier.platforms.eks.render import cluster_job

        job = cluster_job(spec.recipe, cluster=cluster, hub=spec.hub, **asked)
        return JobRequest(
            request=job.to_request(), recipe=job.recipe, seconds=job.active_seconds + _MARGIN_SECONDS
        )
    from atelier.platforms.slurm.render import slurm_job

    bundle = slurm_job(spec.recipe, cluster=cluster, **asked)
    return JobRequest(
        request=bundle.to_request(), recipe=bundle.recipe, seconds=bundle.active_seconds + _MARGIN_SECONDS
    )


def _data(spec: JobSpec) -> dict[str, str]:
    places = {
        "data_s3_path": spec.distilled_dataset_uri or spec.data.get(TRAIN),
        "validation_data_s3_path": spec.data.get(VALIDATION),
    }
    return {name: uri for name, uri in places.items() if uri}
