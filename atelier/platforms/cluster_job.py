"""Work as a job on one of the environment's own clusters, which reads its data from S3."""

from __future__ import annotations

from typing import Any

from atelier.platforms.clusters import cluster_for
from atelier.platforms.container import TRAIN, VALIDATION
from atelier.platforms.eks.cluster import Cluster
from atelier.platforms.job_spec import Rendering, Work
from atelier.platforms.training_job.request import JobEnvironment
from atelier.recipes import catalogue

# Clusters end a job by its own limits; settle, which looks every minute, must see that before it gives up.
_MARGIN_SECONDS = 900


def job_on_cluster(work: Work, environment: JobEnvironment) -> Rendering:
    """The job on the cluster that the work names, or on the only one that can do it.

    UnsupportedCombination when there is no such cluster, or nothing is known of how the job looks there.
    """
    cluster = cluster_for(work.recipe, environment.clusters, work.cluster)
    asked: dict[str, Any] = {
        "run_id": work.run_id,
        "step": work.step,
        "model": work.model(environment.bucket),
        "given": _data(work),
        "output_s3_path": f"s3://{environment.bucket}/{work.output_prefix}",
        "max_runtime_hours": work.max_runtime_hours,
        "shipped": catalogue(),
    }
    # Imported where they are needed: a function's cold start pays for one of them, or for none.
    if isinstance(cluster, Cluster):
        from atelier.platforms.eks.render import cluster_job

        job = cluster_job(work.recipe, cluster=cluster, hub=work.hub, **asked)
        return Rendering(
            request=job.to_request(), recipe=job.recipe, seconds=job.active_seconds + _MARGIN_SECONDS
        )
    from atelier.platforms.slurm.render import slurm_job

    bundle = slurm_job(work.recipe, cluster=cluster, **asked)
    return Rendering(
        request=bundle.to_request(), recipe=bundle.recipe, seconds=bundle.active_seconds + _MARGIN_SECONDS
    )


def _data(work: Work) -> dict[str, str]:
    places = {
        "data_s3_path": work.made or work.data.get(TRAIN),
        "validation_data_s3_path": work.data.get(VALIDATION),
    }
    return {name: uri for name, uri in places.items() if uri}
