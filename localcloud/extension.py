"""Put our services, resource types and repairs into MiniStack, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ministack.app
from ministack.core import iam_actions, lambda_runtime, router

from localcloud import cloudformation, internals
from localcloud.home import Home
from localcloud.kubernetes.eks import EksClusters
from localcloud.kubernetes.kubelet.images import KnownImages
from localcloud.patches import (
    distributed_map,
    lambda_errors,
    lambda_events,
    log_streams,
    schedule,
    state_machine_role,
    task_tokens,
)
from localcloud.programs import BaseModel, Programs
from localcloud.services import bedrock, sagemaker
from localcloud.services.authorization import Endpoint
from localcloud.services.service import Service


@dataclass(frozen=True)
class Services:
    """What was put in, and how to end it."""

    closers: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """End every process our services, and MiniStack's functions, run."""
        for closer in self.closers:
            closer()


def install(home: Home, port: int) -> Services:
    """Check the internals we rely on, then extend. InternalsMoved when MiniStack is not as expected."""
    internals.verify()
    for patch in (
        lambda_errors,
        lambda_events,
        log_streams,
        schedule,
        task_tokens,
        distributed_map,
        state_machine_role,
    ):
        patch.apply()
    cloudformation.register()
    endpoint = Endpoint(f"https://127.0.0.1:{port}", str(home.certificate))
    programs = Programs.from_environ(os.environ)
    base_model = BaseModel(home, programs)
    training, end_jobs = sagemaker.start(home, endpoint, programs, base_model)
    models, runtime, end_serving = bedrock.start(home, endpoint, programs, base_model)
    clusters = EksClusters(home, endpoint.url, KnownImages({}))
    clusters.install()
    router.SERVICE_PATTERNS["sagemaker"] = {
        "target_prefixes": ["SageMaker."],
        "host_patterns": [r"api\.sagemaker\."],
    }
    for name, service in (("sagemaker", training), ("bedrock", models), ("bedrock-runtime", runtime)):
        _register(name, service)
    return Services(closers=(clusters.close, end_jobs, end_serving, lambda_runtime.reset))


def _register(name: str, service: Service) -> None:
    """Route a service to us. Without an IAM namespace MiniStack checks signatures; we check permissions."""
    ministack.app.SERVICE_HANDLERS[name] = service.handle
    iam_actions.SERVICE_TO_IAM_NAMESPACE.pop(name, None)


def application() -> Any:
    """The ASGI application that serves all of it."""
    return ministack.app.app
