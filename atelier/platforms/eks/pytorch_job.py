"""A PyTorchJob of the training operator (kubeflow.org/v1): one master, and workers for the other nodes."""

from __future__ import annotations

import copy
from typing import Any

# The operator deletes a finished job after a day, with all objects that it owns.
KEPT_SECONDS = 24 * 3600


def pytorch_job(name: str, *, replicas: int, template: dict[str, Any], active_seconds: int) -> dict[str, Any]:
    """The object. The operator ends it `active_seconds` after its creation.

    The workers are all replicas but the master, as in AWS's launcher. AWS's published payload templates use
    the number of all replicas, which is one node too many.
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
