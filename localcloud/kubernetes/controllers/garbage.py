"""Remove objects without owners, dependents that a deletion waits for, and the contents of a namespace.

Source: kubernetes.io/docs/concepts/architecture/garbage-collection.
"""

from __future__ import annotations

from collections.abc import Iterable

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.deletion import FINALIZERS
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.objects import Key, Object, is_terminating, owner_uids
from localcloud.kubernetes.store import Event


class GarbageCollector:
    """Looks at dependents when an owner goes, and at owners when the last dependent has gone."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._store = verbs.store

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.kind == "DELETED":
            yield from self._store.dependents(event.object["metadata"]["uid"])
            for reference in event.object["metadata"].get("ownerReferences") or []:
                owner = resources.of_kind(reference["apiVersion"], reference["kind"])
                if owner is not None:
                    yield Key(owner, event.key.namespace if owner.namespaced else "", reference["name"])
            yield Key(resources.NAMESPACES, "", event.key.namespace)
        elif is_terminating(event.object) or owner_uids(event.object):
            yield event.key

    def reconcile(self, key: Key) -> None:
        with self._store.lock:
            document = self._store.get(key)
            if document is None:
                return
            if is_terminating(document):
                self._finish(key, document)
            elif owner_uids(document):
                self._keep_or_delete(key, document)

    def _finish(self, key: Key, document: Object) -> None:
        finalizers = document["metadata"].get("finalizers") or []
        dependents = self._store.dependents(document["metadata"]["uid"])
        if key.resource is resources.NAMESPACES:
            inside = self._store.within(key.name)
            self._delete(inside)
            if not self._store.within(key.name) and not finalizers:
                self._store.remove(key)
        elif FINALIZERS["Orphan"] in finalizers:
            for dependent in dependents:
                self._disown(dependent, {document["metadata"]["uid"]})
            self._release(key, document, FINALIZERS["Orphan"])
        elif FINALIZERS["Foreground"] in finalizers:
            self._delete(dependents)
            if not self._store.dependents(document["metadata"]["uid"]):
                self._release(key, document, FINALIZERS["Foreground"])

    def _keep_or_delete(self, key: Key, document: Object) -> None:
        gone = {uid for uid in owner_uids(document) if not self._store.holds(uid)}
        if gone == owner_uids(document):
            self._verbs.delete(key)
        elif gone:
            self._disown(key, gone)

    def _delete(self, keys: Iterable[Key]) -> None:
        for key in keys:
            found = self._store.get(key)
            if found is not None and not is_terminating(found):
                self._verbs.delete(key)

    def _release(self, key: Key, document: Object, finalizer: str) -> None:
        def edit(current: Object) -> None:
            current["metadata"]["finalizers"].remove(finalizer)
            if not current["metadata"]["finalizers"]:
                del current["metadata"]["finalizers"]

        self._verbs.change(key, document["metadata"]["uid"], edit)

    def _disown(self, key: Key, uids: set[str]) -> None:
        def edit(current: Object) -> None:
            references = current["metadata"].pop("ownerReferences")
            if left := [each for each in references if each["uid"] not in uids]:
                current["metadata"]["ownerReferences"] = left

        document = self._store.get(key)
        if document is not None:
            self._verbs.change(key, document["metadata"]["uid"], edit)
