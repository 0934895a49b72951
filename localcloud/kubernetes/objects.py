"""Kubernetes objects as the JSON documents they are, and the few facts that every part asks of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from localcloud.kubernetes.resources import Resource

Object = dict[str, Any]
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class Key(NamedTuple):
    """Where an object is stored; cluster-wide objects have the namespace ""."""

    resource: Resource
    namespace: str
    name: str


def now() -> str:
    """The time as metav1.Time writes it: RFC 3339, whole seconds, UTC."""
    return dt.datetime.now(dt.UTC).strftime(TIME_FORMAT)


def seconds_since(time: str) -> float:
    """How long ago a metav1.Time was."""
    then = dt.datetime.strptime(time, TIME_FORMAT).replace(tzinfo=dt.UTC)
    return (dt.datetime.now(dt.UTC) - then).total_seconds()


def labels(obj: Object) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def is_terminating(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def owner_uids(obj: Object) -> set[str]:
    return {reference["uid"] for reference in obj["metadata"].get("ownerReferences") or []}


def controller_of(obj: Object) -> dict[str, Any] | None:
    """The owner reference of the controller that manages the object, if one does."""
    references: Iterable[dict[str, Any]] = obj["metadata"].get("ownerReferences") or []
    return next((reference for reference in references if reference.get("controller")), None)


def controlled_by(owner: Object) -> dict[str, Any]:
    """The owner reference that a controller writes into what it makes for `owner`."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_finished(pod: Object) -> bool:
    """Whether a pod has run to its end, well or badly."""
    return phase(pod) in ("Succeeded", "Failed")
