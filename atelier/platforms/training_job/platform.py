"""Platform training-job: SageMaker training jobs, which read their recipe from an input channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from atelier.errors import UnsupportedCombination
from atelier.platforms.base import JobCluster, JobEnvironment, JobRequest, JobSpec, main_image

if TYPE_CHECKING:
    from atelier.problems import Problem
    from atelier.recipes.catalogue import Catalogue
    from atelier.recipes.hub.recipe import HubRecipe
    from atelier.recipes.resolve import Recipe


class TrainingJob:
    """The platform for every recipe that has a file, on SageMaker's instances."""

    name = "training-job"
    needs_cluster = False
    keeps_checkpoints_of_stopped_jobs = True

    def unsupported_reason(self, _recipe: Recipe, _hub: HubRecipe | None) -> str | None:
        """None: every training-job recipe of the catalogue can be submitted."""
        return None

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
        """No problems: there is no cluster."""
        return iter(())

    def read_cluster(self, values: Mapping[str, Any]) -> JobCluster:
        """UnsupportedCombination: there is no cluster."""
        raise UnsupportedCombination(f"cluster = {values!r}: {self.name} has no clusters")

    def job_request(self, spec: JobSpec, environment: JobEnvironment) -> JobRequest:
        """The CreateTrainingJob request."""
        from atelier.platforms.training_job.sagemaker_job import job_on_sagemaker

        return job_on_sagemaker(spec, environment)


PLATFORM = TrainingJob()
