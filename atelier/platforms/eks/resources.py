"""The kinds of Kubernetes object that jobs consist of, their API paths and permissions.

Source: Kubernetes API reference (paths); training-operator (kubeflow.org/v1) and HyperPod's training operator
(sagemaker.amazonaws.com/v1) for the custom resources.
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

# JOB_KINDS: kinds whose status is the status of the job. RENDERED: kinds of the objects that Atelier renders.
# Only the hub's payloads, which are for Nova, have other kinds (Secret, Deployment, Job).
JOB_KINDS = (PYTORCH_JOB, HYPERPOD_JOB)
RENDERED = (CONFIG_MAP, SERVICE, STATEFUL_SET, *JOB_KINDS)


def kind_of(manifest: Manifest) -> ResourceKind:
    """The apiVersion and kind of an object."""
    return manifest["apiVersion"], manifest["kind"]


def name_of(manifest: Manifest) -> str:
    """The name of an object."""
    return str(manifest["metadata"]["name"])


def plural_of(kind: ResourceKind) -> str:
    """The plural of a kind, for paths and permissions. UnsupportedCombination for an unknown kind."""
    if kind not in _PLURALS:
        known = ", ".join(name for _, name in _MADE)
        raise UnsupportedCombination(
            f"kind = {kind[1]!r} ({kind[0]}): not an object of a job; accepted: {known}"
        )
    return _PLURALS[kind]


def path_of(kind: ResourceKind, namespace: str, name: str = "") -> str:
    """The API path of a kind's objects in a namespace, or of the named object."""
    version = kind[0]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    collection = f"{root}/namespaces/{namespace}/{plural_of(kind)}"
    return f"{collection}/{name}" if name else collection


def pod_templates(manifest: Any) -> Iterator[dict[str, Any]]:
    """All pod templates in an object: mappings with the key `template` and a `spec`."""
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
    """All rules of the Role for submitting jobs, in the namespace of the jobs.

    `with_services`: also for payloads of AWS's hub, which have services of their own, including a Secret.
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
