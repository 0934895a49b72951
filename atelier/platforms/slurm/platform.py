"""Platform hyperpod-slurm: job bundles for the agent on the controller of a Slurm cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from atelier.platforms.base import JobCluster, JobEnvironment, JobRequest, JobSpec, main_image
from atelier.platforms.cluster_job import GRACE_SECONDS, inputs_of, output_s3_path
from atelier.platforms.clusters import cluster_named
from atelier.platforms.slurm.cluster import PLATFORM_NAME, LinkedPrefix, Partition, SlurmCluster

if TYPE_CHECKING:
    from atelier.problems import Problem
    from atelier.recipes.catalogue import Catalogue
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe

_LLMFT = "llm_finetuning_aws"


class HyperPodSlurm:
    """The platform for AWS's llmft recipes, as sbatch jobs on whole nodes."""

    name = PLATFORM_NAME
    needs_cluster = True
    keeps_checkpoints_of_stopped_jobs = False

    def unsupported_reason(self, recipe: Recipe, _hub: HubRecipe | None) -> str | None:
        """Why the recipe cannot be submitted, and an alternative; None if it can."""
        if recipe.values.get("run.model_type", recipe.base_model.model_type) == _LLMFT:
            return None
        return (
            f"{recipe.row.name}: {self.name} runs only AWS's llmft recipes; Nova's and VERL's need "
            "platform: hyperpod-eks or training-job"
        )

    def images(self, recipe: Recipe, _shipped: Catalogue, region: str) -> Mapping[str, str]:
        """The address of the recipe's container."""
        return main_image(recipe, region)

    def cluster_problems(
        self,
        _recipe: Recipe,
        _cluster: JobCluster,
        *,
        hub: HubRecipe | None,  # noqa: ARG002 - the protocol's
        data: Mapping[str, str],  # noqa: ARG002
        path: str,  # noqa: ARG002
    ) -> Iterator[Problem]:
        """No problems: the agent can download every object of the bucket."""
        return iter(())

    def read_cluster(self, values: Mapping[str, Any]) -> SlurmCluster:
        """Build a cluster from the JSON in a function's environment variables."""
        return SlurmCluster(
            **{
                **values,
                "partitions": tuple(Partition(**one) for one in values["partitions"]),
                "linked": tuple(LinkedPrefix(**one) for one in values.get("linked", ())),
            }
        )

    def job_request(self, spec: JobSpec, environment: JobEnvironment) -> JobRequest:
        """The bundle of the job on the cluster that its plan names."""
        from atelier.platforms.slurm.render import slurm_job

        cluster = cluster_named(spec.stage.cluster, environment)
        assert isinstance(cluster, SlurmCluster)
        job = slurm_job(
            spec,
            model=spec.model(environment.bucket),
            inputs=inputs_of(spec),
            output_s3_path=output_s3_path(spec, environment),
            cluster=cluster,
        )
        return JobRequest(
            request=job.to_request(), recipe=job.recipe, seconds=job.active_seconds + GRACE_SECONDS
        )


PLATFORM = HyperPodSlurm()
