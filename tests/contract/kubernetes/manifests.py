"""The documents that tests begin with."""

from __future__ import annotations

from typing import Any


def pod(name: str, *command: str, **spec: Any) -> dict[str, Any]:
    """A pod of one container, never restarted unless `spec` says so."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "containers": [container(*command)], **spec},
    }


def container(*command: str, name: str = "pytorch", image: str = "python", **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": image, **({"command": list(command)} if command else {}), **fields}


def pytorch_job(
    name: str, template: dict[str, Any], *, workers: int = 1, policy: str = "OnFailure", **run_policy: Any
) -> dict[str, Any]:
    """A PyTorchJob of a master and workers from the same container."""
    replica = {"restartPolicy": policy, "template": {"spec": {"containers": [template]}}}
    replicas = {"Master": {"replicas": 1, **replica}}
    if workers:
        replicas["Worker"] = {"replicas": workers, **replica}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": name},
        "spec": {"pytorchReplicaSpecs": replicas, "runPolicy": run_policy},
    }


def hyperpod_job(
    name: str, template: dict[str, Any], *, replicas: int = 2, **run_policy: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "sagemaker.amazonaws.com/v1",
        "kind": "HyperPodPyTorchJob",
        "metadata": {"name": name},
        "spec": {
            "nprocPerNode": "1",
            "replicaSpecs": [
                {"name": "pod", "replicas": replicas, "template": {"spec": {"containers": [template]}}}
            ],
            "runPolicy": run_policy,
        },
    }
