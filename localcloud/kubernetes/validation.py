"""What an object must have before it is stored: names, metadata, and the fields its controllers rely on.

Not the whole schema: a field without a reader is stored as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.errors import bad_request, invalid
from localcloud.kubernetes.objects import Object
from localcloud.kubernetes.quantities import quantity
from localcloud.kubernetes.resources import Resource

Cause = tuple[str, str]
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_LABEL = re.compile(_LABEL)
_DNS_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(rf"({_LABEL}(\.{_LABEL})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
_DNS_LABELS = frozenset({resources.NAMESPACES, resources.SERVICES})
# RBAC's names are path segments: `system:masters` and the like.
_PATH_SEGMENTS = frozenset(
    {
        resources.ROLES,
        resources.ROLE_BINDINGS,
        resources.CLUSTER_ROLES,
        resources.CLUSTER_ROLE_BINDINGS,
    }
)
_RESTART_POLICIES = ("Always", "OnFailure", "Never")
_REPLICA_RESTART_POLICIES = (*_RESTART_POLICIES, "ExitCode")
_CLEAN_POD_POLICIES = ("All", "Running", "None")


def require_kind(resource: Resource, body: Any) -> Object:
    """The body, if it can be one of this resource. A built-in kind need not be named, a custom one must."""
    if not isinstance(body, dict):
        raise bad_request(f"the body must be one object, got {type(body).__name__}")
    defaults = {} if resource.custom else {"kind": resource.kind, "apiVersion": resource.api_version}
    document: Object = {**defaults, **body}
    if not document.get("kind") or not document.get("apiVersion"):
        raise bad_request(f"Object 'Kind' is missing in {document!r:.200}")
    if (document["apiVersion"], document["kind"]) != (resource.api_version, resource.kind):
        raise bad_request(
            f"the API version and kind in the data ({document['apiVersion']}, {document['kind']}) do not "
            f"match the expected ({resource.api_version}, {resource.kind})"
        )
    document["metadata"] = dict(document.get("metadata") or {})
    return document


def check(resource: Resource, document: Object) -> None:
    """Raise Invalid (422) with every field that is wrong."""
    causes = [*_metadata(resource, document["metadata"])]
    read = _KINDS.get(resource)
    if read is not None:
        try:
            causes += read(document)
        except (TypeError, AttributeError, KeyError) as error:
            causes.append(("spec", f"Invalid value: a field has the wrong type ({error})"))
    if causes:
        raise invalid(resource, document["metadata"].get("name", ""), causes)


def _metadata(resource: Resource, metadata: dict[str, Any]) -> Iterator[Cause]:
    name = metadata["name"]
    if resource in _PATH_SEGMENTS:
        if name in (".", "..") or "/" in name or "%" in name:
            yield "metadata.name", f'Invalid value: "{name}": may not be ".", ".." or contain "/" or "%"'
    else:
        pattern, longest, what = (
            (_DNS_LABEL, 63, "label") if resource in _DNS_LABELS else (_DNS_SUBDOMAIN, 253, "subdomain")
        )
        if not pattern.fullmatch(name):
            yield (
                "metadata.name",
                f'Invalid value: "{name}": a lowercase RFC 1123 {what} must consist of lower case '
                f"alphanumeric characters, '-'{' or .' if what == 'subdomain' else ''}, and must start and "
                f"end with an alphanumeric character (regex used for validation is '{pattern.pattern}')",
            )
        if len(name) > longest:
            yield "metadata.name", f'Invalid value: "{name}": must be no more than {longest} characters'
    for key, value in (metadata.get("labels") or {}).items():
        if not _LABEL_KEY.fullmatch(key):
            yield "metadata.labels", f'Invalid value: "{key}": name part must be a qualified name'
        if not isinstance(value, str) or len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
            yield (
                "metadata.labels",
                f"Invalid value: {value!r}: a valid label is at most 63 of [-A-Za-z0-9_.]",
            )
    for value in (metadata.get("annotations") or {}).values():
        if not isinstance(value, str):
            yield "metadata.annotations", f"Invalid value: {value!r}: must be a string"


def _pod(document: Object) -> Iterator[Cause]:
    yield from _pod_spec(document.get("spec") or {}, "spec")


def _pod_spec(spec: dict[str, Any], path: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield f"{path}.containers", "Required value"
    if spec.get("restartPolicy", "Always") not in _RESTART_POLICIES:
        yield f"{path}.restartPolicy", _one_of(spec["restartPolicy"], _RESTART_POLICIES)
    volumes = {volume["name"] for volume in spec.get("volumes") or []}
    seen: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or []):
            at = f"{path}.{field}[{index}]"
            yield from _container(container, at, volumes)
            if container.get("name") in seen:
                yield f"{at}.name", f'Duplicate value: "{container["name"]}"'
            seen.add(container.get("name", ""))


def _container(container: dict[str, Any], at: str, volumes: set[str]) -> Iterator[Cause]:
    for field in ("name", "image"):
        if not container.get(field):
            yield f"{at}.{field}", "Required value"
    for index, mount in enumerate(container.get("volumeMounts") or []):
        if mount["name"] not in volumes:
            yield f"{at}.volumeMounts[{index}].name", f'Not found: "{mount["name"]}"'
    for index, variable in enumerate(container.get("env") or []):
        if not isinstance(variable.get("value", ""), str):
            yield f"{at}.env[{index}].value", f"Invalid value: {variable['value']!r}: must be a string"
    for kind, amounts in (container.get("resources") or {}).items():
        for name, amount in (amounts or {}).items() if kind in ("requests", "limits") else ():
            try:
                quantity(amount)
            except ValueError as error:
                yield f"{at}.resources.{kind}[{name}]", f"Invalid value: {error}"


def _pytorch_job(document: Object) -> Iterator[Cause]:
    spec = document.get("spec") or {}
    replicas = spec.get("pytorchReplicaSpecs")
    if not replicas:
        yield "spec.pytorchReplicaSpecs", "Required value"
        return
    if unknown := set(replicas) - {"Master", "Worker"}:
        yield "spec.pytorchReplicaSpecs", _one_of(sorted(unknown)[0], ("Master", "Worker"))
    if (replicas.get("Master") or {}).get("replicas", 1) != 1:
        yield "spec.pytorchReplicaSpecs[Master].replicas", "Forbidden: must be 1"
    for name, replica in replicas.items():
        at = f"spec.pytorchReplicaSpecs[{name}]"
        yield from _count(replica, at)
        if replica.get("restartPolicy", "OnFailure") not in _REPLICA_RESTART_POLICIES:
            yield f"{at}.restartPolicy", _one_of(replica["restartPolicy"], _REPLICA_RESTART_POLICIES)
        yield from _template(replica, at)
        containers = ((replica.get("template") or {}).get("spec") or {}).get("containers") or []
        if containers and not any(container.get("name") == "pytorch" for container in containers):
            yield f"{at}.template.spec.containers", 'Required value: must have a container named "pytorch"'
    yield from _run_policy(spec.get("runPolicy") or {})


def _hyperpod_job(document: Object) -> Iterator[Cause]:
    spec = document.get("spec") or {}
    names: set[str] = set()
    if not spec.get("replicaSpecs"):
        yield "spec.replicaSpecs", "Required value"
    for index, replica in enumerate(spec.get("replicaSpecs") or []):
        at = f"spec.replicaSpecs[{index}]"
        if not replica.get("name"):
            yield f"{at}.name", "Required value"
        if replica.get("name") in names:
            yield f"{at}.name", f'Duplicate value: "{replica["name"]}"'
        names.add(replica.get("name", ""))
        yield from _count(replica, at)
        yield from _template(replica, at)
    if not isinstance(spec.get("nprocPerNode", "auto"), str):
        yield "spec.nprocPerNode", "Invalid value: must be a string: auto, cpu, gpu or a number"
    yield from _run_policy(spec.get("runPolicy") or {})


def _run_policy(policy: dict[str, Any]) -> Iterator[Cause]:
    if policy.get("cleanPodPolicy", "None") not in _CLEAN_POD_POLICIES:
        yield "spec.runPolicy.cleanPodPolicy", _one_of(policy["cleanPodPolicy"], _CLEAN_POD_POLICIES)


def _stateful_set(document: Object) -> Iterator[Cause]:
    spec = document.get("spec") or {}
    yield from _count(spec, "spec")
    yield from _template(spec, "spec")
    selected = (spec.get("selector") or {}).get("matchLabels") or {}
    if not selected:
        yield "spec.selector", "Required value"
    carried = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if not selected.items() <= carried.items():
        yield "spec.template.metadata.labels", "Invalid value: `selector` does not match template `labels`"


def _binding(document: Object) -> Iterator[Cause]:
    reference = document.get("roleRef") or {}
    for field in ("kind", "name"):
        if not reference.get(field):
            yield f"roleRef.{field}", "Required value"


def _ray_job(document: Object) -> Iterator[Cause]:
    spec = document.get("spec") or {}
    if not spec.get("rayClusterSpec") and not spec.get("clusterSelector"):
        yield "spec.rayClusterSpec", "Required value: or spec.clusterSelector"


def _count(replica: dict[str, Any], at: str) -> Iterator[Cause]:
    replicas = replica.get("replicas", 1)
    if not isinstance(replicas, int) or replicas < 0:
        yield f"{at}.replicas", f"Invalid value: {replicas!r}: must be a whole number, 0 or more"


def _template(holder: dict[str, Any], at: str) -> Iterator[Cause]:
    spec = (holder.get("template") or {}).get("spec")
    if not spec:
        yield f"{at}.template.spec", "Required value"
        return
    yield from _pod_spec(spec, f"{at}.template.spec")


def _one_of(given: Any, accepted: tuple[str, ...]) -> str:
    return f'Unsupported value: "{given}": supported values: ' + ", ".join(f'"{each}"' for each in accepted)


_KINDS: dict[Resource, Callable[[Object], Iterator[Cause]]] = {
    resources.PODS: _pod,
    resources.PYTORCH_JOBS: _pytorch_job,
    resources.HYPERPOD_JOBS: _hyperpod_job,
    resources.RAY_JOBS: _ray_job,
    resources.STATEFUL_SETS: _stateful_set,
    resources.ROLE_BINDINGS: _binding,
    resources.CLUSTER_ROLE_BINDINGS: _binding,
}
