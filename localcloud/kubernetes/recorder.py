"""Event objects: what `kubectl describe` shows of an object's life. The same one again only counts up."""

from __future__ import annotations

import secrets
from typing import Literal

from localcloud.kubernetes import resources
from localcloud.kubernetes.objects import Key, Object, now
from localcloud.kubernetes.store import Store

KEPT = 1000


class Recorder:
    """Writes the events of one component, and keeps the newest."""

    def __init__(self, store: Store, component: str) -> None:
        self._store = store
        self._component = component
        self._known: dict[tuple[str, str, str], Key] = {}

    def record(self, about: Object, kind: Literal["Normal", "Warning"], reason: str, message: str) -> None:
        """Say that something happened to an object."""
        metadata = about["metadata"]
        same = (metadata["uid"], reason, message)
        with self._store.lock:
            key = self._known.get(same)
            event = self._store.get(key) if key else None
            if key is not None and event is not None:
                event |= {"count": event["count"] + 1, "lastTimestamp": now()}
                self._store.put(key, event)
                return
            namespace = metadata.get("namespace", "default")
            if self._store.get(Key(resources.NAMESPACES, "", namespace)) is None:
                return
            key = Key(resources.EVENTS, namespace, f"{metadata['name']}.{secrets.token_hex(8)}")
            self._known[same] = key
            self._store.put(key, self._event(key, about, kind, reason, message))
            if len(self._known) > KEPT:
                self._store.remove(self._known.pop(next(iter(self._known))))

    def _event(self, key: Key, about: Object, kind: str, reason: str, message: str) -> Object:
        metadata, time = about["metadata"], now()
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": key.name,
                "namespace": key.namespace,
                "uid": secrets.token_hex(16),
                "creationTimestamp": time,
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata.get("namespace", ""),
                "uid": metadata["uid"],
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "count": 1,
            "firstTimestamp": time,
            "lastTimestamp": time,
            "source": {"component": self._component},
            "reportingComponent": self._component,
            "reportingInstance": "",
        }
