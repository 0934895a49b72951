"""What a request asks for, read from its method, path and query.

Source: kubernetes.io/docs/reference/using-api/api-concepts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.rbac import Attributes
from localcloud.kubernetes.errors import bad_request, no_such_path, not_allowed, unsupported_media_type
from localcloud.kubernetes.objects import Key
from localcloud.kubernetes.resources import Resource

_VERBS_OF_ONE = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_VERBS_OF_MANY = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
# Of the namespaces' own subresources, to distinguish them from objects in a namespace.
_OF_A_NAMESPACE = ("status", "finalize")


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "application/json").partition(";")[0].strip()

    def document(self) -> Any:
        """The body, JSON or YAML; None when it is empty."""
        if not self.body:
            return None
        if "json" not in self.content_type and "yaml" not in self.content_type:
            raise unsupported_media_type(self.content_type, ("application/json", "application/yaml"))
        try:
            return json.loads(self.body) if "json" in self.content_type else yaml.safe_load(self.body)
        except (ValueError, yaml.YAMLError) as error:
            raise bad_request(f"the body cannot be read: {error}") from error

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("true", "1")

    def number(self, name: str) -> int | None:
        """A whole number of the query, None when it is missing."""
        try:
            return int(self.query[name]) if self.query.get(name) else None
        except ValueError as error:
            raise bad_request(f"{name} must be a whole number, got {self.query[name]!r}") from error


@dataclass(frozen=True)
class Target:
    """A resource, or one object of it; `namespace` is None for a list over all of them."""

    verb: str
    resource: Resource
    namespace: str | None
    name: str
    subresource: str

    @property
    def key(self) -> Key:
        return Key(self.resource, self.namespace or "", self.name)

    def attributes(self) -> Attributes:
        namespace = self.name if self.resource is resources.NAMESPACES else self.namespace
        return Attributes(
            self.verb, self.resource.group, self.resource.plural, self.subresource, namespace or "", self.name
        )


def target_of(request: Request) -> Target | None:
    """What the path names; None when it is no resource's. NotFound for resources that do not exist."""
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace: str | None = None
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _OF_A_NAMESPACE:
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource, *more = [*rest, "", ""]
    resource = resources.find(group, version, plural)
    if resource is None or any(more) or (subresource and subresource not in resource.subresources):
        raise no_such_path()
    if (namespace is not None) is not resource.namespaced and (namespace is not None or name):
        raise no_such_path()
    verb = _verb(request, name)
    if verb not in resource.verbs or (
        verb == "create" and (namespace is not None) is not resource.namespaced
    ):
        raise not_allowed(request.method)
    return Target(verb, resource, namespace, name, subresource)


def _verb(request: Request, name: str) -> str:
    verb = (_VERBS_OF_ONE if name else _VERBS_OF_MANY).get(request.method)
    if verb is None:
        raise not_allowed(request.method)
    return "watch" if verb == "list" and request.flag("watch") else verb
