"""The few verbs of the Kubernetes API that jobs need, with TLS verified, time limits and retries.

Kubernetes API conventions: creation by a name that exists answers 409, lists come in pages of `limit` with a
`continue`, deletion takes DeleteOptions. What a retry repeats is safe: objects are created by name.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from atelier.training.kubernetes.resources import (
    POD,
    Kind,
    Manifest,
    kind_of,
    name_of,
    path_of,
    plural_of,
)
from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.errors import error_of, message_in, reaching
from lambdas.adapters.kubernetes.token import EksToken

_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_BUSY = (429, 500, 502, 503, 504)
_PAGE = 250
_LARGEST_LOG_BYTES = 32 << 20


class AlreadyThere(Exception):
    """An object of the name exists."""


def pool_of(endpoint: Endpoint) -> urllib3.PoolManager:
    """Connections to a cluster, which is known by its own authority and by no other.

    A default context would also trust every public authority where the cluster names none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=endpoint.ca)
    return urllib3.PoolManager(ssl_context=context)


def retries(*, backoff_factor: float = 0.2) -> urllib3.Retry:
    """Four attempts of any call, as often as the cluster asks for patience or does not answer."""
    return urllib3.Retry(
        total=3,
        redirect=0,
        status_forcelist=_BUSY,
        allowed_methods=None,
        backoff_factor=backoff_factor,
        backoff_max=5,
        raise_on_status=False,
    )


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
        self._find_endpoint = endpoint
        self._make_token = token
        self._make_pool = pool
        self._retry = retry or retries()
        self._connection: tuple[Endpoint, EksToken, urllib3.PoolManager] | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where the cluster is."""
        return self._connected()[0]

    def create(self, manifest: Manifest) -> dict[str, Any]:
        """The object as the cluster made it. AlreadyThere when one has its name."""
        kind = kind_of(manifest)
        action, resource = f"create {plural_of(kind)}", name_of(manifest)
        response = self._call("POST", path_of(kind, self.namespace), action=action, body=manifest)
        if response.status == 409:
            raise AlreadyThere(message_in(response.data))
        return self._content(response, action, resource)

    def get(self, kind: Kind, name: str) -> dict[str, Any] | None:
        """One object; None when there is none."""
        action = f"get {plural_of(kind)}"
        response = self._call("GET", path_of(kind, self.namespace, name), action=action)
        return None if response.status == 404 else self._content(response, action, name)

    def find_all(
        self, kind: Kind, *, label_selector: str = "", field_selector: str = ""
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
            asked = {name: value for name, value in fields.items() if value}
            page = self._content(
                self._call("GET", path, action=action, fields=asked), action, label_selector or kind[1]
            )
            # Items of built-in kinds come without the kind that the list has.
            yield from ({"apiVersion": kind[0], "kind": kind[1]} | item for item in page.get("items") or [])
            fields["continue"] = (page.get("metadata") or {}).get("continue") or ""
            if not fields["continue"]:
                return

    def delete(self, kind: Kind, name: str, *, uid: str) -> None:
        """Delete one object and what it owns, if it still has this uid; one that is gone is success."""
        action = f"delete {plural_of(kind)}"
        options = _deletion() | {"preconditions": {"uid": uid}}
        response = self._call("DELETE", path_of(kind, self.namespace, name), action=action, body=options)
        # 409: another object has the name meanwhile.
        if response.status not in (404, 409):
            self._content(response, action, name)

    def delete_all(self, kind: Kind, *, label_selector: str) -> None:
        """Delete the objects that the selector finds, and what they own."""
        action = f"deletecollection {plural_of(kind)}"
        response = self._call(
            "DELETE",
            path_of(kind, self.namespace),
            action=action,
            body=_deletion(),
            fields={"labelSelector": label_selector},
        )
        self._content(response, action, label_selector)

    def log(self, pod: str, container: str) -> list[str]:
        """The lines of a container so far, each after its time; none before it begins or once it is gone."""
        response = self._call(
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

    def _content(self, response: urllib3.BaseHTTPResponse, action: str, resource: str) -> dict[str, Any]:
        if response.status >= 300:
            raise error_of(response.status, response.data, action=action, resource=resource)
        content = json.loads(response.data)
        if not isinstance(content, dict):
            raise error_of(502, response.data, action=action, resource=resource)
        return content

    def _call(
        self,
        method: str,
        path: str,
        *,
        action: str,
        body: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        response = self._attempt(method, path, action, body, fields)
        if response.status == 401:
            self._connected()[1].forget()
            response = self._attempt(method, path, action, body, fields)
        return response

    def _attempt(
        self,
        method: str,
        path: str,
        action: str,
        body: Mapping[str, Any] | None,
        fields: Mapping[str, str] | None,
    ) -> urllib3.BaseHTTPResponse:
        endpoint, token, pool = self._connected()
        query = f"?{urlencode(fields)}" if fields else ""
        headers = {"Authorization": f"Bearer {token.value()}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        with reaching(endpoint.url, action=action):
            return pool.request(
                method,
                f"{endpoint.url.rstrip('/')}{path}{query}",
                body=content,
                headers=headers,
                timeout=_TIMEOUT,
                retries=self._retry,
                redirect=False,
            )

    def _connected(self) -> tuple[Endpoint, EksToken, urllib3.PoolManager]:
        if self._connection is None:
            endpoint = self._find_endpoint()
            self._connection = endpoint, self._make_token(endpoint), self._make_pool(endpoint)
        return self._connection


def _deletion() -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
