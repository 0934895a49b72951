"""A PyTorchJob of the training operator (kubeflow.org/v1): one master, and workers for the other nodes."""

from __future__ import annotations

import copy
from typing import Any

# A finished job that nobody took away goes after a day, and with it all that it owns.
KEPT_SECONDS = 24 * 3600


def pytorch_job(name: str, *, replicas: int, template: dict[str, Any], active_seconds: int) -> dict[str, Any]:
    """The object. `active_seconds`, from its creation, is when the operator ends it by itself.

    AWS's published payload templates write the number of all replicas as that of the workers: one node too
    many, which its launcher does not do.
    """
    specs = {"Master": _replicas(1, template)}
    if replicas > 1:
        specs["Worker"] = _replicas(replicas - 1, template)
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "runPolicy": {
                "activeDeadlineSeconds": active_seconds,
                "ttlSecondsAfterFinished": KEPT_SECONDS,
            },
            "pytorchReplicaSpecs": specs,
        },
    }


def _replicas(count: int, template: dict[str, Any]) -> dict[str, Any]:
    return {"replicas": count, "restartPolicy": "OnFailure", "template": copy.deepcopy(template)}
