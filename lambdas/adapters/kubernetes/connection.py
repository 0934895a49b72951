"""A connection to a cluster's Kubernetes API: TLS verified, a role's token, time limits and retries.

What a retry repeats is safe: objects are created by name.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.errors import error_of, reaching
from lambdas.adapters.kubernetes.token import EksToken

_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_BUSY = (429, 500, 502, 503, 504)


def pool_of(endpoint: Endpoint) -> urllib3.PoolManager:
    """Connections to a cluster, verified by the cluster's own certificate authority only.

    A default context would also trust every public authority where the cluster names none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=endpoint.ca)
    return urllib3.PoolManager(ssl_context=context)


def retries(*, backoff_factor: float = 0.2) -> urllib3.Retry:
    """Up to four attempts of a call while the cluster throttles or does not answer."""
    return urllib3.Retry(
        total=3,
        redirect=0,
        status_forcelist=_BUSY,
        allowed_methods=None,
        backoff_factor=backoff_factor,
        backoff_max=5,
        raise_on_status=False,
    )


class KubernetesConnection:
    """The endpoint is looked up, and the connection made, when first needed."""

    def __init__(
        self,
        *,
        endpoint: Callable[[], Endpoint],
        token: Callable[[Endpoint], EksToken],
        pool: Callable[[Endpoint], urllib3.PoolManager] = pool_of,
        retry: urllib3.Retry | None = None,
    ) -> None:
        self._find_endpoint = endpoint
        self._make_token = token
        self._make_pool = pool
        self._retry = retry or retries()
        self._connection: tuple[Endpoint, EksToken, urllib3.PoolManager] | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where the cluster is."""
        return self._connected()[0]

    def call(
        self,
        method: str,
        path: str,
        *,
        action: str,
        body: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> urllib3.BaseHTTPResponse:
        """One call, made again with a new token where the cluster refuses the old one."""
        response = self._attempt(method, path, action, body, fields, content_type)
        if response.status == 401:
            self._connected()[1].forget()
            response = self._attempt(method, path, action, body, fields, content_type)
        return response

    def _attempt(
        self,
        method: str,
        path: str,
        action: str,
        body: Mapping[str, Any] | None,
        fields: Mapping[str, str] | None,
        content_type: str,
    ) -> urllib3.BaseHTTPResponse:
        endpoint, token, pool = self._connected()
        query = f"?{urlencode(fields)}" if fields else ""
        headers = {"Authorization": f"Bearer {token.value()}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = content_type
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


def content_of(response: urllib3.BaseHTTPResponse, action: str, resource: str) -> dict[str, Any]:
    """The object in an answer; raises the error that the answer describes."""
    if response.status >= 300:
        raise error_of(response.status, response.data, action=action, resource=resource)
    content = json.loads(response.data)
    if not isinstance(content, dict):
        raise error_of(502, response.data, action=action, resource=resource)
    return content
