"""The few verbs of the Kubernetes API that jobs need.

Kubernetes API conventions: creation by a name that exists answers 409, lists come in pages of `limit` with a
`continue`, deletion takes DeleteOptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import urllib3

from atelier.platforms.eks.resources import (
    POD,
    Manifest,
    ResourceKind,
    kind_of,
    name_of,
    path_of,
    plural_of,
)
from lambdas.adapters.kubernetes.connection import KubernetesConnection, content_of, pool_of
from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.errors import error_of, message_in
from lambdas.adapters.kubernetes.token import EksToken

_PAGE = 250
_LARGEST_LOG_BYTES = 32 << 20


class AlreadyThere(Exception):
    """An object of the name exists."""


class KubernetesClient:
    """One namespace of one cluster. The endpoint is looked up, and the connection made, when first needed."""

    def __init__(
        self,
        *,
        namespace: str,
        endpoint: Callable[[], Endpoint],
        token: Callable[[Endpoint], EksToken],
        pool: Callable[[Endpoint], urllib3.PoolManager] = pool_of,
        retry: urllib3.Retry | None = None,
    ) -> None:
        self.namespace = namespace
        self._api = KubernetesConnection(endpoint=endpoint, token=token, pool=pool, retry=retry)

    @property
    def endpoint(self) -> Endpoint:
        """Where the cluster is."""
        return self._api.endpoint

    def create(self, manifest: Manifest) -> dict[str, Any]:
        """The object as the cluster made it. AlreadyThere when one has its name."""
        kind = kind_of(manifest)
        action, resource = f"create {plural_of(kind)}", name_of(manifest)
        response = self._api.call("POST", path_of(kind, self.namespace), action=action, body=manifest)
        if response.status == 409:
            raise AlreadyThere(message_in(response.data))
        return content_of(response, action, resource)

    def get(self, kind: ResourceKind, name: str) -> dict[str, Any] | None:
        """One object; None when there is none."""
        action = f"get {plural_of(kind)}"
        response = self._api.call("GET", path_of(kind, self.namespace, name), action=action)
        return None if response.status == 404 else content_of(response, action, name)

    def find_all(
        self, kind: ResourceKind, *, label_selector: str = "", field_selector: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Objects of a kind."""
        action, path = f"list {plural_of(kind)}", path_of(kind, self.namespace)
        fields = {
            "labelSelector": label_selector,
            "fieldSelector": field_selector,
            "limit": str(_PAGE),
            "continue": "",
        }
        while True:
            query = {name: value for name, value in fields.items() if value}
            page = content_of(
                self._api.call("GET", path, action=action, fields=query),
                action,
                label_selector or kind[1],
            )
            # Items of built-in kinds come without the kind that the list has.
            yield from ({"apiVersion": kind[0], "kind": kind[1]} | item for item in page.get("items") or [])
            fields["continue"] = (page.get("metadata") or {}).get("continue") or ""
            if not fields["continue"]:
                return

    def delete(self, kind: ResourceKind, name: str, *, uid: str) -> None:
        """Delete one object and what it owns, if it still has this uid; one that is gone is success."""
        action = f"delete {plural_of(kind)}"
        options = _deletion() | {"preconditions": {"uid": uid}}
        response = self._api.call("DELETE", path_of(kind, self.namespace, name), action=action, body=options)
        # 409: another object has the name meanwhile.
        if response.status not in (404, 409):
            content_of(response, action, name)

    def delete_all(self, kind: ResourceKind, *, label_selector: str) -> None:
        """Delete the objects that the selector finds, and what they own."""
        action = f"deletecollection {plural_of(kind)}"
        response = self._api.call(
            "DELETE",
            path_of(kind, self.namespace),
            action=action,
            body=_deletion(),
            fields={"labelSelector": label_selector},
        )
        content_of(response, action, label_selector)

    def log(self, pod: str, container: str) -> list[str]:
        """The lines of a container so far, each after its time; none before it begins or once it is gone."""
        response = self._api.call(
            "GET",
            f"{path_of(POD, self.namespace, pod)}/log",
            action="get pods/log",
            fields={
                "container": container,
                "timestamps": "true",
                "limitBytes": str(_LARGEST_LOG_BYTES),
            },
        )
        if response.status in (400, 404):
            return []
        if response.status >= 300:
            raise error_of(response.status, response.data, action="get pods/log", resource=pod)
        return response.data.decode(errors="replace").splitlines()


def _deletion() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
