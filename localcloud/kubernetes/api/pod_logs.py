"""GET pods/<name>/log: which container's output, of which start, and how much of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from localcloud.kubernetes.api.requests import Request
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.errors import bad_request
from localcloud.kubernetes.logs import ContainerLog, LogOptions, Logs
from localcloud.kubernetes.objects import Key, Object


def pod_log(verbs: Verbs, logs: Logs, key: Key, request: Request) -> AsyncGenerator[bytes, None]:
    """The log's bytes. BadRequest when the pod has no such container, or it has not started."""
    log = _find(verbs.get(key), logs, request)
    options = LogOptions(
        request.flag("follow"),
        request.flag("timestamps"),
        request.number("tailLines"),
        request.number("sinceSeconds"),
        request.number("limitBytes"),
    )
    return options.read(log)


def _find(pod: Object, logs: Logs, request: Request) -> ContainerLog:
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    container = _container(pod, request.query.get("container", ""))
    restarts = _status(pod, container).get("restartCount", 0)
    attempt = restarts - 1 if request.flag("previous") else restarts
    log = logs.find(uid, container, attempt)
    if log is not None:
        return log
    if request.flag("previous"):
        raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
    waiting = _status(pod, container).get("state", {}).get("waiting", {}).get("reason", "ContainerCreating")
    raise bad_request(f'container "{container}" in pod "{name}" is waiting to start: {waiting}')


def _container(pod: Object, requested: str) -> str:
    spec = pod["spec"]
    names = [each["name"] for each in (*(spec.get("initContainers") or []), *spec["containers"])]
    if requested:
        if requested not in names:
            raise bad_request(f"container {requested} is not valid for pod {pod['metadata']['name']}")
        return requested
    if len(spec["containers"]) > 1:
        raise bad_request(
            f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: {names}"
        )
    return str(spec["containers"][0]["name"])


def _status(pod: Object, container: str) -> dict[str, Any]:
    status = pod.get("status") or {}
    listed = (*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or []))
    return next((each for each in listed if each["name"] == container), {})
