"""The kinds of object that a job is made of, and what may be done with them.

Source: Kubernetes API reference (paths); training-operator (kubeflow.org/v1) and HyperPod's training operator
(sagemaker.amazonaws.com/v1) for the custom ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from atelier.errors import UnsupportedCombination

PYTORCH_JOB = ("kubeflow.org/v1", "PyTorchJob")
HYPERPOD_JOB = ("sagemaker.amazonaws.com/v1", "HyperPodPyTorchJob")
CONFIG_MAP = ("v1", "ConfigMap")
SERVICE = ("v1", "Service")
STATEFUL_SET = ("apps/v1", "StatefulSet")
POD = ("v1", "Pod")
EVENT = ("v1", "Event")

ResourceKind = tuple[str, str]
Manifest = Mapping[str, Any]

_MADE: Mapping[ResourceKind, str] = {
    CONFIG_MAP: "configmaps",
    SERVICE: "services",
    ("v1", "Secret"): "secrets",
    STATEFUL_SET: "statefulsets",
    ("apps/v1", "Deployment"): "deployments",
    ("batch/v1", "Job"): "jobs",
    PYTORCH_JOB: "pytorchjobs",
    HYPERPOD_JOB: "hyperpodpytorchjobs",
}
_PLURALS: Mapping[ResourceKind, str] = {**_MADE, POD: "pods", EVENT: "events"}

# Kinds whose own status says how the job stands, and those that a job as rendered here is made of: only the
# hub's payloads, which are of Nova, hold others (Secret, Deployment, Job).
JOB_KINDS = (PYTORCH_JOB, HYPERPOD_JOB)
RENDERED = (CONFIG_MAP, SERVICE, STATEFUL_SET, *JOB_KINDS)


def kind_of(manifest: Manifest) -> ResourceKind:
    """Its apiVersion and kind."""
    return manifest["apiVersion"], manifest["kind"]


def name_of(manifest: Manifest) -> str:
    """Its name."""
    return str(manifest["metadata"]["name"])


def plural_of(kind: ResourceKind) -> str:
    """The kind in paths and permissions. UnsupportedCombination for one that no job is made of."""
    if kind not in _PLURALS:
        known = ", ".join(name for _, name in _MADE)
        raise UnsupportedCombination(f"kind = {kind[1]!r} ({kind[0]}): jobs are made of {known}")
    return _PLURALS[kind]


def path_of(kind: ResourceKind, namespace: str, name: str = "") -> str:
    """Path of a namespace's objects of a kind, or of one of them."""
    version = kind[0]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    collection = f"{root}/namespaces/{namespace}/{plural_of(kind)}"
    return f"{collection}/{name}" if name else collection


def pod_templates(manifest: Any) -> Iterator[dict[str, Any]]:
    """Every pod template in an object: a mapping `template` that has a pod's `spec`."""
    if isinstance(manifest, list):
        for item in manifest:
            yield from pod_templates(item)
    elif isinstance(manifest, dict):
        for key, value in manifest.items():
            if key == "template" and isinstance(value, dict) and "spec" in value:
                yield value
            else:
                yield from pod_templates(value)


def role_rules(*, with_services: bool = False) -> list[dict[str, Any]]:
    """The rules of the Role under which jobs are submitted, in their own namespace: these and no more.

    `with_services`: for the payloads of AWS's hub, which bring services of their own, a Secret among them.
    """
    kinds = tuple(_MADE) if with_services else RENDERED
    verbs_by_kind: dict[ResourceKind, list[str]] = {
        kind: ["create", "get", "list", "delete", "deletecollection"] for kind in kinds
    }
    rules = [_rule(kind, plural_of(kind), verbs) for kind, verbs in verbs_by_kind.items()]
    return [
        *rules,
        _rule(POD, "pods", ["get", "list"]),
        _rule(POD, "pods/log", ["get"]),
        _rule(EVENT, "events", ["list"]),
    ]


def _rule(kind: ResourceKind, resource: str, verbs: list[str]) -> dict[str, Any]:
    group, _, version = kind[0].rpartition("/")
    return {"apiGroups": [group if version else ""], "resources": [resource], "verbs": verbs}
