"""Create, read, update, patch and delete: the rules of the API between a request and the store."""

from __future__ import annotations

import base64
import copy
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.kubernetes import defaults, resources, validation
from localcloud.kubernetes.api import patches
from localcloud.kubernetes.api.deletion import DeleteOptions, delete, finish_if_released
from localcloud.kubernetes.errors import (
    already_exists,
    bad_request,
    conflict,
    expired,
    forbidden,
    invalid,
    not_found,
)
from localcloud.kubernetes.objects import Key, Object, is_terminating, now
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.selectors import Predicate
from localcloud.kubernetes.store import Store

_SYSTEM_FIELDS = (
    "uid",
    "creationTimestamp",
    "generation",
    "namespace",
    "name",
    "generateName",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class Page:
    """One page of a list; `token` continues it."""

    items: list[Object]
    revision: int
    token: str | None
    remaining: int


class Verbs:
    """What requests and controllers do to objects; every method is one step under the store's lock."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, key: Key) -> Object:
        found = self.store.get(key)
        if found is None:
            raise not_found(key.resource, key.name)
        return found

    def page(
        self, resource: Resource, namespace: str | None, selects: Predicate, limit: int = 0, token: str = ""
    ) -> Page:
        """The selected objects in order of namespace and name, `limit` of them after those of earlier pages.

        Later pages are read from the newest revision, so that what changed in between shows.
        """
        with self.store.lock:
            found = [item for item in self.store.objects(resource, namespace) if selects(item)]
            revision = self.store.revision
        if token:
            last = _position(token)
            found = [item for item in found if _place(item) > last]
        page = found[:limit] if limit else found
        more = len(found) - len(page)
        return Page(page, revision, _token(page[-1]) if more else None, more)

    def create(self, resource: Resource, namespace: str, body: Any, *, dry_run: bool = False) -> Object:
        document = copy.deepcopy(validation.require_kind(resource, body))
        metadata = document["metadata"]
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                raise invalid(
                    resource, "", [("metadata.name", "Required value: name or generateName is required")]
                )
            metadata["name"] = metadata["generateName"] + "".join(
                secrets.choice(_SUFFIX_ALPHABET) for _ in range(5)
            )
        self._place(resource, namespace, metadata)
        validation.check(resource, document)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now(), "generation": 1}
        for field in ("resourceVersion", "deletionTimestamp", "managedFields", "selfLink"):
            metadata.pop(field, None)
        # A node registers itself with its status; everything else gets one from its controller.
        if resource.has_status and resource is not resources.NODES:
            document.pop("status", None)
        defaults.fill(resource, document)
        key = Key(resource, namespace, metadata["name"])
        with self.store.lock:
            self._require_namespace(key)
            if self.store.get(key) is not None:
                raise already_exists(resource, key.name)
            return document if dry_run else self.store.put(key, document)

    def update(self, key: Key, body: Any, *, subresource: str | None = None, dry_run: bool = False) -> Object:
        """PUT: replace all of it, or its status. A stale resourceVersion is a conflict."""
        document = copy.deepcopy(validation.require_kind(key.resource, body))
        if document["metadata"].get("name", key.name) != key.name:
            raise bad_request(
                f"the object's name ({document['metadata']['name']}) does not match the URL's ({key.name})"
            )
        if key.resource.custom and not document["metadata"].get("resourceVersion"):
            why = "Invalid value: 0: must be specified for an update"
            raise invalid(key.resource, key.name, [("metadata.resourceVersion", why)])
        return self._write(key, lambda _: document, subresource, dry_run)

    def patch(
        self,
        key: Key,
        patch: Any,
        content_type: str,
        *,
        subresource: str | None = None,
        dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """The patched object, and whether it was created: server-side apply makes what is not there."""
        with self.store.lock:
            if content_type == patches.APPLY and self.store.get(key) is None and subresource is None:
                document = validation.require_kind(key.resource, patch)
                document["metadata"]["name"] = key.name
                return self.create(key.resource, key.namespace, document, dry_run=dry_run), True
            written = self._write(
                key, lambda stored: patches.patched(stored, patch, content_type), subresource, dry_run
            )
            return written, False

    def delete(self, key: Key, options: DeleteOptions | None = None) -> Object:
        with self.store.lock:
            return delete(self.store, key, self.get(key), options or DeleteOptions())

    def delete_collection(
        self, resource: Resource, namespace: str | None, selects: Predicate, options: DeleteOptions
    ) -> list[Object]:
        with self.store.lock:
            chosen = [item for item in self.store.objects(resource, namespace) if selects(item)]
            return [
                self.delete(
                    Key(resource, item["metadata"].get("namespace", ""), item["metadata"]["name"]), options
                )
                for item in chosen
            ]

    def change(self, key: Key, uid: str, edit: Callable[[Object], None]) -> Object | None:
        """A controller's write to an object it knows by uid; None when that one is gone.

        Controllers are the system itself: they may write spec and status in one step.
        """
        with self.store.lock:
            document = self.store.get(key)
            if document is None or document["metadata"]["uid"] != uid:
                return None
            edit(document)
            return finish_if_released(self.store, key, document) or self.store.put(key, document)

    def set_status(self, key: Key, uid: str, status: dict[str, Any]) -> Object | None:
        """Replace the status of an object known by uid; None when that one is gone."""
        return self.change(key, uid, lambda document: document.__setitem__("status", status))

    def remove(self, key: Key, uid: str) -> None:
        """End what was terminating: its processes have gone."""
        with self.store.lock:
            document = self.store.get(key)
            if document is not None and document["metadata"]["uid"] == uid:
                document["metadata"]["deletionGracePeriodSeconds"] = 0
                if not document["metadata"].get("finalizers"):
                    self.store.remove(key)
                else:
                    self.store.put(key, document)

    def _write(
        self, key: Key, change: Callable[[Object], Object], subresource: str | None, dry_run: bool
    ) -> Object:
        with self.store.lock:
            stored = self.get(key)
            written = validation.require_kind(key.resource, change(copy.deepcopy(stored)))
            given = written["metadata"].get("resourceVersion")
            if given and given != stored["metadata"]["resourceVersion"]:
                raise conflict(key.resource, key.name)
            if written["metadata"].get("uid", stored["metadata"]["uid"]) != stored["metadata"]["uid"]:
                raise conflict(key.resource, key.name, "the UID in the request does not match the object's")
            _keep_system_fields(stored, written)
            if subresource == "status":
                written = {**stored, "metadata": stored["metadata"], "status": written.get("status") or {}}
            elif key.resource.has_status:
                written.pop("status", None)
                if "status" in stored:
                    written["status"] = stored["status"]
            validation.check(key.resource, written)
            _check_pod_stays(key, stored, written)
            if written.get("spec") != stored.get("spec"):
                written["metadata"]["generation"] = stored["metadata"].get("generation", 1) + 1
            if dry_run:
                return written
            return finish_if_released(self.store, key, written) or self.store.put(key, written)

    @staticmethod
    def _place(resource: Resource, namespace: str, metadata: dict[str, Any]) -> None:
        given = metadata.get("namespace")
        if resource.namespaced:
            if given and given != namespace:
                raise bad_request(
                    f"the namespace of the provided object does not match the namespace sent on the request "
                    f"({given} and {namespace})"
                )
            metadata["namespace"] = namespace
        elif given:
            raise bad_request(f"{resource.kind} has no namespace, got {given!r}")

    def _require_namespace(self, key: Key) -> None:
        if not key.resource.namespaced:
            return
        namespace = self.store.get(Key(resources.NAMESPACES, "", key.namespace))
        if namespace is None:
            raise not_found(resources.NAMESPACES, key.namespace)
        if is_terminating(namespace):
            raise forbidden(
                f'{key.resource.qualified} "{key.name}" is forbidden: unable to create new content in '
                f"namespace {key.namespace} because it is being terminated",
                key.resource,
                key.name,
            )


def _keep_system_fields(stored: Object, written: Object) -> None:
    for field in _SYSTEM_FIELDS:
        written["metadata"].pop(field, None)
        if field in stored["metadata"]:
            written["metadata"][field] = stored["metadata"][field]
    written["metadata"].pop("managedFields", None)


def _check_pod_stays(key: Key, stored: Object, written: Object) -> None:
    """A pod's spec is what it was started with; only its images may change."""
    if key.resource is not resources.PODS:
        return

    def without_images(spec: Object) -> Object:
        copied = copy.deepcopy(spec)
        for container in (*(copied.get("initContainers") or []), *copied["containers"]):
            container.pop("image", None)
        return copied

    if without_images(written["spec"]) != without_images(stored["spec"]):
        why = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`"
        raise invalid(key.resource, key.name, [("spec", why)])


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _token(item: Object) -> str:
    return base64.urlsafe_b64encode(json.dumps(_place(item)).encode()).decode()


def _position(token: str) -> tuple[str, str]:
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(token))
        return str(namespace), str(name)
    except (ValueError, TypeError) as error:
        raise expired("the provided continue parameter is not one of this server's") from error
