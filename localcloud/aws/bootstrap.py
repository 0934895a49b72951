"""Add Atelier's services, resource types and patches to MiniStack, in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ministack.app
from ministack.core import iam_actions, lambda_runtime, router

from localcloud.aws import cloudformation, ministack_contract as internals
from localcloud.aws.patches import (
    distributed_map,
    lambda_errors,
    lambda_events,
    log_stream_arns,
    log_streams,
    managed_policies,
    metric_namespaces,
    schedule,
    state_machine_role,
    task_tokens,
)
from localcloud.aws.services import bedrock, fsx, sagemaker, ssm_documents
from localcloud.aws.services.sagemaker.clusters.slurm_clusters import SlurmClusters
from localcloud.aws.services.service import Service
from localcloud.common.endpoint import Endpoint
from localcloud.common.home import Home
from localcloud.common.programs import BaseModel, Programs
from localcloud.kubernetes.eks import EksClusters
from localcloud.kubernetes.kubelet.images import images

# Services whose requests MiniStack would not recognise.
SERVICE_PATTERNS = {
    "sagemaker": {"target_prefixes": ["SageMaker."], "host_patterns": [r"api\.sagemaker\."]},
    "fsx": {"target_prefixes": ["AWSSimbaAPIService_v20180301."], "host_patterns": [r"fsx\."]},
}


@dataclass(frozen=True)
class Services:
    """What was added, and how to end it."""

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
        managed_policies,
        metric_namespaces,
        log_stream_arns,
    ):
        patch.apply()
    endpoint = Endpoint(f"https://127.0.0.1:{port}", str(home.certificate))
    programs = Programs.from_environ(os.environ)
    base_model = BaseModel(home, programs)
    eks_clusters = EksClusters(home, endpoint.url, images(home, programs, base_model))
    eks_clusters.install()
    slurm_clusters = SlurmClusters(home, endpoint)
    training = sagemaker.start(home, endpoint, programs, base_model, eks_clusters, slurm_clusters)
    models, runtime, end_serving = bedrock.start(home, endpoint, programs, base_model)
    file_systems, documents = fsx.start(home), ssm_documents.start(home)
    cloudformation.register(
        training=training.service,
        clusters=training.clusters.store,
        file_systems=file_systems,
        documents=documents,
    )
    router.SERVICE_PATTERNS |= SERVICE_PATTERNS
    for name, service in (
        ("sagemaker", training.service),
        ("bedrock", models),
        ("bedrock-runtime", runtime),
        ("fsx", file_systems),
    ):
        _register(name, service)
    handlers = ministack.app.SERVICE_HANDLERS
    handlers["ssm"] = ssm_documents.beside(documents, handlers["ssm"])
    _once_loaded(training.clusters.resume)
    return Services(
        closers=(
            schedule.stop,
            slurm_clusters.close,
            eks_clusters.close,
            training.close,
            end_serving,
            lambda_runtime.reset,
        )
    )


def _register(name: str, service: Service) -> None:
    """Route a service to us. Without an IAM namespace MiniStack checks signatures; we check permissions."""
    ministack.app.SERVICE_HANDLERS[name] = service.handle
    iam_actions.SERVICE_TO_IAM_NAMESPACE.pop(name, None)


def _once_loaded(resume: Callable[[], None]) -> None:
    """Call `resume` in a thread once MiniStack has restored its state: clusters need roles and subnets."""
    load = ministack.app._load_persisted_state

    def loaded() -> None:
        load()
        threading.Thread(target=resume, name="resume", daemon=True).start()

    ministack.app._load_persisted_state = loaded


def application() -> Any:
    """The ASGI application that serves all of it."""
    return ministack.app.app
