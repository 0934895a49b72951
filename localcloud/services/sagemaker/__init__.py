"""Amazon SageMaker, as far as training jobs."""

from __future__ import annotations

from collections.abc import Callable

from localcloud.home import Home
from localcloud.services.authorization import Endpoint
from localcloud.services.sagemaker import events
from localcloud.services.sagemaker.images import Program
from localcloud.services.sagemaker.jobs import Jobs
from localcloud.services.sagemaker.operations import TrainingJobOperations
from localcloud.services.sagemaker.runner import Runner
from localcloud.services.service import Service


def start(
    home: Home, endpoint: Endpoint, program: Program
) -> tuple[Service, Callable[[], None]]:
    """The service, and what ends its jobs."""
    jobs = Jobs(home.state / "training-jobs", events.emit)
    runner = Runner(home, endpoint, jobs, program)
    return Service("sagemaker", TrainingJobOperations(jobs, runner).by_name()), runner.close
