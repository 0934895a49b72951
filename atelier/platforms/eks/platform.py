"""Platform hyperpod-eks: Kubernetes objects on a HyperPod cluster orchestrated by EKS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from atelier.platforms.base import JobCluster, JobEnvironment, JobRequest, JobSpec
from atelier.platforms.cluster_job import GRACE_SECONDS, inputs_of, output_s3_path
from atelier.platforms.clusters import cluster_named
from atelier.platforms.container import has_open_weights
from atelier.platforms.eks.cluster import PLATFORM_NAME, Cluster, SharedStorage
from atelier.problems import Problem

if TYPE_CHECKING:
    from atelier.recipes.catalogue import Catalogue
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe


class HyperPodEks:
    """The platform for Nova's recipes (restricted groups) and AWS's llmft recipes (standard groups)."""

    name = PLATFORM_NAME
    needs_cluster = True
    keeps_checkpoints_of_stopped_jobs = False

    def unsupported_reason(self, recipe: Recipe, hub: HubRecipe | None) -> str | None:
        """Why the recipe cannot be submitted, and an alternative; None if it can."""
        from atelier.platforms.eks.support import unsupported_reason

        return unsupported_reason(recipe, hub)

    def images(self, recipe: Recipe, shipped: Catalogue, region: str) -> Mapping[str, str]:
        """Addresses of the job's containers by role."""
        from atelier.platforms.eks.images import images_of

        return images_of(recipe, shipped, region)

    def cluster_problems(
        self,
        recipe: Recipe,
        cluster: JobCluster,
        *,
        hub: HubRecipe | None,
        data: Mapping[str, str],
        path: str,
    ) -> Iterator[Problem]:
        """Services that the cluster does not allow, and data outside its storage."""
        from atelier.platforms.eks.hub_payload import needs_services

        assert isinstance(cluster, Cluster)
        where = f"{path}.cluster"
        if hub is not None and not cluster.allows_services and needs_services(hub):
            message = (
                f"does not let Atelier create the services of {recipe.row.name} (a Secret, Deployments, "
                "Jobs); accepted: a cluster that allows services"
            )
            yield Problem(where, message, cluster.configured_name, is_combination=True)
        elif has_open_weights(recipe.base_model.model_type) and cluster.storage is None:
            message = (
                f"has no shared storage, which {recipe.row.name} needs for its data and its model; "
                "accepted: a cluster with storage"
            )
            yield Problem(where, message, cluster.configured_name, is_combination=True)
        elif has_open_weights(recipe.base_model.model_type) and cluster.storage is not None:
            shown = cluster.storage.s3_uri
            for field, uri in data.items():
                if not uri.startswith(shown):
                    message = f"cluster {cluster.configured_name} reads only objects below {shown}"
                    yield Problem(f"{path}.{field}", message, uri, is_combination=True)

    def read_cluster(self, values: Mapping[str, Any]) -> Cluster:
        """Build a cluster from the JSON in a function's environment variables."""
        storage = values.get("storage")
        return Cluster(
            **{
                **values,
                "instance_types": tuple(values["instance_types"]),
                "storage": SharedStorage(**storage) if storage else None,
            }
        )

    def job_request(self, spec: JobSpec, environment: JobEnvironment) -> JobRequest:
        """The objects of the job on the cluster that its plan names."""
        from atelier.platforms.eks.render import cluster_job

        cluster = cluster_named(spec.stage.cluster, environment)
        assert isinstance(cluster, Cluster)
        job = cluster_job(
            spec,
            model=spec.model(environment.bucket),
            inputs=inputs_of(spec),
            output_s3_path=output_s3_path(spec, environment),
            cluster=cluster,
        )
        return JobRequest(
            request=job.to_request(), recipe=job.recipe, seconds=job.active_seconds + GRACE_SECONDS
        )


PLATFORM = HyperPodEks()
