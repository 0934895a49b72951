"""What DELETE does: at once, after a grace period, or when finalizers have gone.

Source: kubernetes.io/docs/concepts/architecture/garbage-collection and .../workloads/pods/pod-lifecycle.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from localcloud.kubernetes import resources
from localcloud.kubernetes.defaults import GRACE_SECONDS
from localcloud.kubernetes.errors import bad_request, conflict
from localcloud.kubernetes.objects import TIME_FORMAT, Key, Object, is_finished, is_terminating
from localcloud.kubernetes.store import Store

Propagation = Literal["Background", "Foreground", "Orphan"]
PROPAGATIONS: tuple[Propagation, ...] = ("Background", "Foreground", "Orphan")
FINALIZERS: dict[str, str] = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


@dataclass(frozen=True)
class DeleteOptions:
    """`grace` is None for the object's own."""

    grace: int | None = None
    propagation: Propagation = "Background"
    uid: str | None = None
    resource_version: str | None = None

    @classmethod
    def of(cls, body: Any, query: dict[str, str]) -> DeleteOptions:
        """From the request's body and, where it says nothing, its query parameters."""
        options = body if isinstance(body, dict) else {}
        grace = options.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        requested = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
        if options.get("orphanDependents", query.get("orphanDependents")) in (True, "true"):
            requested = "Orphan"
        propagation = next((each for each in PROPAGATIONS if each == requested), None)
        if propagation is None:
            raise bad_request(
                f"propagationPolicy must be one of {', '.join(PROPAGATIONS)}, got {requested!r}"
            )
        preconditions = options.get("preconditions") or {}
        try:
            return cls(
                None if grace is None else max(0, int(grace)),
                propagation,
                preconditions.get("uid"),
                preconditions.get("resourceVersion"),
            )
        except ValueError as error:
            raise bad_request(f"gracePeriodSeconds must be a whole number, got {grace!r}") from error


def delete(store: Store, key: Key, document: Object, options: DeleteOptions) -> Object:
    """Begin or finish the deletion of an object that is there; its last or its terminating state."""
    metadata = document["metadata"]
    for field, requested in (("uid", options.uid), ("resourceVersion", options.resource_version)):
        if requested is not None and metadata[field] != requested:
            raise conflict(
                key.resource,
                key.name,
                f"the {field} in the precondition ({requested}) is not the record's ({metadata[field]})",
            )
    grace = _grace(key, document, options)
    finalizer = FINALIZERS.get(options.propagation)
    if finalizer is not None and not is_terminating(document):
        metadata["finalizers"] = [*(metadata.get("finalizers") or []), finalizer]
    if grace == 0 and not metadata.get("finalizers") and key.resource is not resources.NAMESPACES:
        return store.remove(key) or document
    if not is_terminating(document) or grace < metadata.get("deletionGracePeriodSeconds", 0):
        end = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=grace)
        metadata["deletionTimestamp"] = end.strftime(TIME_FORMAT)
        metadata["deletionGracePeriodSeconds"] = grace
    if key.resource is resources.NAMESPACES:
        document["status"] = {"phase": "Terminating"}
    return store.put(key, document)


def finish_if_released(store: Store, key: Key, document: Object) -> Object | None:
    """Remove a terminating object whose last finalizer has gone; None when it stays."""
    metadata = document["metadata"]
    if not is_terminating(document) or metadata.get("finalizers"):
        return None
    if key.resource is resources.NAMESPACES or metadata.get("deletionGracePeriodSeconds", 0) > 0:
        return None
    return store.remove(key)


def _grace(key: Key, document: Object, options: DeleteOptions) -> int:
    """Seconds until the object may go: only a pod that may be running has any."""
    if key.resource is not resources.PODS or not document["spec"].get("nodeName") or is_finished(document):
        return 0
    if options.grace is not None:
        return options.grace
    return int(document["spec"].get("terminationGracePeriodSeconds", GRACE_SECONDS))
