"""Amazon SageMaker, as far as training jobs and HyperPod clusters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from localcloud.aws.services.sagemaker import events
from localcloud.aws.services.sagemaker.clusters.api import ClusterApi
from localcloud.aws.services.sagemaker.clusters.orchestrator import Orchestrator
from localcloud.aws.services.sagemaker.jobs import Jobs
from localcloud.aws.services.sagemaker.operations import TrainingJobOperations
from localcloud.aws.services.sagemaker.runner import Runner
from localcloud.aws.services.sagemaker.tags import TagOperations
from localcloud.aws.services.service import Service
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home
from localcloud.common.programs import BaseModel, Programs
from localcloud.kubernetes.eks import EksClusters


@dataclass(frozen=True)
class SageMaker:
    """The service, its clusters for CloudFormation to make, and what ends its jobs."""

    service: Service
    clusters: ClusterApi
    close: Callable[[], None]


def start(
    home: Home,
    endpoint: Endpoint,
    programs: Programs,
    base_model: BaseModel,
    eks_clusters: EksClusters,
    slurm: Orchestrator,
) -> SageMaker:
    """Take up what was there before, and answer from now on."""
    jobs = Jobs(home.state / "training-jobs", events.emit)
    runner = Runner(home, endpoint, jobs, programs, base_model)
    clusters = ClusterApi(home, endpoint, eks_clusters, slurm)
    operations = {
        **TrainingJobOperations(jobs, runner).by_name(),
        **clusters.by_name(),
        **TagOperations(jobs, clusters.store).by_name(),
    }
    return SageMaker(Service("sagemaker", operations), clusters, runner.close)
