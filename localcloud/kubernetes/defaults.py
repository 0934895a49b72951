"""The fields that the API server, or an operator's webhook, fills in when an object is made."""

from __future__ import annotations

import base64
from collections.abc import Callable

from localcloud.kubernetes import resources
from localcloud.kubernetes.objects import Object
from localcloud.kubernetes.resources import Resource

GRACE_SECONDS = 30


def fill(resource: Resource, document: Object) -> None:
    """Complete a new object in place."""
    complete = _KINDS.get(resource)
    if complete is not None:
        complete(document)


def _namespace(namespace: Object) -> None:
    namespace["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = namespace["metadata"][
        "name"
    ]
    namespace["spec"] = {"finalizers": ["kubernetes"]}
    namespace["status"] = {"phase": "Active"}


def _pod(pod: Object) -> None:
    spec = pod["spec"]
    for name, value in (
        ("restartPolicy", "Always"),
        ("terminationGracePeriodSeconds", GRACE_SECONDS),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
        ("serviceAccountName", "default"),
    ):
        spec.setdefault(name, value)
    for container in (*(spec.get("initContainers") or []), *spec["containers"]):
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        limits = (container.get("resources") or {}).get("limits") or {}
        if limits:
            requests = container["resources"].setdefault("requests", {})
            container["resources"]["requests"] = {**limits, **requests}
    pod["status"] = {"phase": "Pending"}


def _secret(secret: Object) -> None:
    """`stringData` is written and never read: it becomes `data`."""
    written = secret.pop("stringData", None) or {}
    data = {name: base64.b64encode(text.encode()).decode() for name, text in written.items()}
    if data or secret.get("data"):
        secret["data"] = {**(secret.get("data") or {}), **data}
    secret.setdefault("type", "Opaque")


def _service(service: Object) -> None:
    spec = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("clusterIP", "127.0.0.1")


def _pytorch_job(job: Object) -> None:
    spec = job["spec"]
    spec.setdefault("runPolicy", {}).setdefault("cleanPodPolicy", "None")
    for replica in spec["pytorchReplicaSpecs"].values():
        replica.setdefault("replicas", 1)
        replica.setdefault("restartPolicy", "OnFailure")


def _stateful_set(stateful_set: Object) -> None:
    stateful_set["spec"].setdefault("replicas", 1)


_KINDS: dict[Resource, Callable[[Object], None]] = {
    resources.NAMESPACES: _namespace,
    resources.PODS: _pod,
    resources.SECRETS: _secret,
    resources.SERVICES: _service,
    resources.PYTORCH_JOBS: _pytorch_job,
    resources.STATEFUL_SETS: _stateful_set,
}
