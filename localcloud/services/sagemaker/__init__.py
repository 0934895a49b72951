"""Amazon SageMaker, as far as training jobs."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.home import Home
from localcloud.programs import BaseModel, Programs
from localcloud.services.authorization import Endpoint
from localcloud.services.sagemaker import events
from localcloud.services.sagemaker.jobs import Jobs
from localcloud.services.sagemaker.operations import TrainingJobOperations
from localcloud.services.sagemaker.runner import Runner
from localcloud.services.service import Service


def start(
    home: Home, endpoint: Endpoint, programs: Programs, base_model: BaseModel
) -> tuple[Service, Callable[[], None]]:
    """The service, and what ends its jobs."""
    jobs = Jobs(home.state / "training-jobs", events.emit)
    runner = Runner(home, endpoint, jobs, programs, base_model)
    return Service("sagemaker", TrainingJobOperations(jobs, runner).by_name()), runner.close
