"""The ConfigMap that mounts a recipe in pods as /config/config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.recipes.document import dump

VOLUME = "training-config"
MOUNT = {"name": VOLUME, "mountPath": "/config"}


def config_map(job_name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The ConfigMap. The recipe is a single text value, so run files cannot change its structure."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _name(job_name)},
        "data": {"config.yaml": dump(dict(document))},
    }


def volume(job_name: str) -> dict[str, Any]:
    """The volume of a pod that mounts the ConfigMap."""
    return {"name": VOLUME, "configMap": {"name": _name(job_name)}}


def _name(job_name: str) -> str:
    return f"training-config-{job_name}"
