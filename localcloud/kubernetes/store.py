"""Every object of a cluster, its revision, and the events that watches and controllers live on.

One counter gives every write its resourceVersion. Documents in the store and in events are never changed in
place: whoever wants to change one takes a copy and puts it.
"""

from __future__ import annotations

import copy
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from localcloud.kubernetes import resources
from localcloud.kubernetes.errors import expired
from localcloud.kubernetes.objects import Key, Object, owner_uids
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.storage import Storage

HISTORY = 10_000


@dataclass(frozen=True)
class Event:
    """One write: the object as it is now (as it was last, for DELETED), and as it was before."""

    revision: int
    kind: Literal["ADDED", "MODIFIED", "DELETED"]
    key: Key
    object: Object
    previous: Object | None


Listener = Callable[[Event], object]


class Store:
    """Objects by key. `lock` makes a read and the write after it one step; listeners are called under it."""

    def __init__(self, storage: Storage | None = None) -> None:
        self.lock = threading.RLock()
        self._storage = storage
        self._objects: dict[Key, Object] = {}
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._listeners: list[Listener] = []
        # 0 means "any" in requests, so that no write has it.
        self._revision = max(1, storage.revision() if storage else 1)
        self._oldest = self._revision
        for document in storage.load() if storage else ():
            resource = resources.of_kind(document["apiVersion"], document["kind"])
            if resource is not None:
                self._objects[_key(resource, document)] = document

    @property
    def revision(self) -> int:
        return self._revision

    def get(self, key: Key) -> Object | None:
        """A copy, to be read or changed."""
        with self.lock:
            return copy.deepcopy(self._objects.get(key))

    def objects(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """Copies, by namespace and name; of every namespace when it is None."""
        with self.lock:
            found = {
                (key.namespace, key.name): document
                for key, document in self._objects.items()
                if key.resource == resource and namespace in (None, key.namespace)
            }
            return [
                copy.deepcopy(document) for _, document in sorted(found.items(), key=lambda item: item[0])
            ]

    def dependents(self, uid: str) -> list[Key]:
        """What names an owner with this uid."""
        with self.lock:
            return [key for key, document in self._objects.items() if uid in owner_uids(document)]

    def within(self, namespace: str) -> list[Key]:
        """Everything in a namespace."""
        with self.lock:
            return [key for key in self._objects if key.resource.namespaced and key.namespace == namespace]

    def holds(self, uid: str) -> bool:
        with self.lock:
            return any(document["metadata"]["uid"] == uid for document in self._objects.values())

    def put(self, key: Key, document: Object) -> Object:
        """Write and return the document with its new resourceVersion; one without changes keeps the old."""
        with self.lock:
            previous = self._objects.get(key)
            document = copy.deepcopy(document)
            if previous is not None:
                document["metadata"]["resourceVersion"] = previous["metadata"]["resourceVersion"]
                if document == previous:
                    return copy.deepcopy(previous)
            self._revision += 1
            document["metadata"]["resourceVersion"] = str(self._revision)
            self._objects[key] = document
            if self._storage:
                self._storage.put(_name(key), document, self._revision)
            kind: Literal["ADDED", "MODIFIED"] = "ADDED" if previous is None else "MODIFIED"
            self._tell(Event(self._revision, kind, key, document, previous))
            return copy.deepcopy(document)

    def remove(self, key: Key) -> Object | None:
        """The last state of the object that is gone; None when there was none."""
        with self.lock:
            previous = self._objects.pop(key, None)
            if previous is None:
                return None
            self._revision += 1
            last = copy.deepcopy(previous)
            last["metadata"]["resourceVersion"] = str(self._revision)
            if self._storage:
                self._storage.remove(_name(key), self._revision)
            self._tell(Event(self._revision, "DELETED", key, last, previous))
            return copy.deepcopy(last)

    def since(self, revision: int) -> list[Event]:
        """The events after a revision. Expired (410) when they are no longer, or not yet, known."""
        with self.lock:
            if revision < self._oldest or revision > self._revision:
                raise expired(f"too old resource version: {revision} ({self._oldest})")
            return [event for event in self._history if event.revision > revision]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call a listener with every write from now on, in order; returns what ends it. It must be quick."""
        with self.lock:
            self._listeners.append(listener)
        return lambda: self._unsubscribe(listener)

    def everything(self) -> list[Event]:
        """Every object as the event of its being there: what a controller begins with."""
        with self.lock:
            return [
                Event(self._revision, "ADDED", key, document, None) for key, document in self._objects.items()
            ]

    def close(self) -> None:
        """Let go of the file; what is written from now on is lost."""
        with self.lock:
            if self._storage:
                self._storage.close()
                self._storage = None

    def _unsubscribe(self, listener: Listener) -> None:
        with self.lock:
            self._listeners.remove(listener)

    def _tell(self, event: Event) -> None:
        if len(self._history) == HISTORY:
            self._oldest = self._history[0].revision
        self._history.append(event)
        for listener in tuple(self._listeners):
            listener(event)


def _key(resource: Resource, document: Object) -> Key:
    return Key(resource, document["metadata"].get("namespace", ""), document["metadata"]["name"])


def _name(key: Key) -> str:
    return f"{key.resource.qualified}/{key.namespace}/{key.name}"
