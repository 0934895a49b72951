"""Role-based access control: whether the roles bound to a user allow a request.

Source: kubernetes.io/docs/reference/access-authn-authz/rbac. Aggregated roles are left out, and so is the
check that a grant holds no more than its author has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.access import EVERYWHERE, User
from localcloud.kubernetes.errors import ApiError, forbidden
from localcloud.kubernetes.objects import Key, Object
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.store import Store

MASTERS = "system:masters"
_SERVICE_ACCOUNT = "system:serviceaccount"
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Attributes:
    """What a request does: a verb on a resource, or on another path (`resource` is "" then)."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


class Rbac:
    """The roles and bindings of a cluster, as they are now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, user: User, attributes: Attributes) -> bool:
        if MASTERS in user.groups or EVERYWHERE in user.administers:
            return True
        if attributes.namespace and attributes.namespace in user.administers:
            return True
        return any(_permits(rule, attributes) for rule in self._rules(user, attributes.namespace))

    def require(self, user: User, attributes: Attributes, resource: Resource | None = None) -> None:
        """Raise Forbidden, in the API server's words, unless it is allowed."""
        if not self.allows(user, attributes):
            raise _refusal(user, attributes, resource)

    def _rules(self, user: User, namespace: str) -> Iterator[Mapping[str, Any]]:
        for binding in self._store.objects(resources.CLUSTER_ROLE_BINDINGS):
            if _binds(binding, user):
                yield from self._role(binding["roleRef"], "")
        if namespace:
            for binding in self._store.objects(resources.ROLE_BINDINGS, namespace):
                if _binds(binding, user):
                    yield from self._role(binding["roleRef"], namespace)

    def _role(self, reference: Mapping[str, str], namespace: str) -> list[dict[str, Any]]:
        cluster_wide = reference["kind"] == "ClusterRole"
        key = (
            Key(resources.CLUSTER_ROLES, "", reference["name"])
            if cluster_wide
            else Key(resources.ROLES, namespace, reference["name"])
        )
        role = self._store.get(key) or {}
        return role.get("rules") or []


def bootstrap_objects() -> list[tuple[Resource, Object]]:
    """The roles every cluster begins with: administrators, and discovery for whoever has a name."""
    discovery = [
        "/healthz",
        "/livez",
        "/readyz",
        "/version",
        "/version/",
        "/api",
        "/api/*",
        "/apis",
        "/apis/*",
    ]
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    basic = [
        {
            "apiGroups": [resources.ACCESS_REVIEWS.group, resources.SELF_REVIEWS.group],
            "resources": [each.plural for each in resources.REVIEWS],
            "verbs": ["create"],
        },
        {"nonResourceURLs": [*discovery, "/openapi", "/openapi/*"], "verbs": ["get"]},
    ]
    made: list[tuple[Resource, Object]] = []
    for name, rules, group in (
        ("cluster-admin", everything, MASTERS),
        ("system:basic-user", basic, "system:authenticated"),
    ):
        made.append((resources.CLUSTER_ROLES, {"metadata": {"name": name}, "rules": rules}))
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group}],
        }
        made.append((resources.CLUSTER_ROLE_BINDINGS, binding))
    return made


def _binds(binding: Object, user: User) -> bool:
    for subject in binding.get("subjects") or []:
        match subject["kind"]:
            case "User" if subject["name"] == user.name:
                return True
            case "Group" if subject["name"] in user.groups:
                return True
            case "ServiceAccount" if user.name == (
                f"{_SERVICE_ACCOUNT}:{subject.get('namespace', '')}:{subject['name']}"
            ):
                return True
    return False


def _permits(rule: Mapping[str, Any], attributes: Attributes) -> bool:
    if not _covers(rule.get("verbs"), attributes.verb):
        return False
    if attributes.path:
        return any(_path_matches(pattern, attributes.path) for pattern in rule.get("nonResourceURLs") or [])
    names = rule.get("resourceNames") or []
    return (
        _covers(rule.get("apiGroups"), attributes.group)
        and _covers_resource(rule.get("resources") or [], attributes)
        and (not names or (attributes.name != "" and attributes.name in names))
    )


def _covers(listed: Iterable[str] | None, value: str) -> bool:
    return any(each in ("*", value) for each in listed or ())


def _covers_resource(listed: Iterable[str], attributes: Attributes) -> bool:
    accepted = {"*", attributes.full_resource}
    if attributes.subresource:
        accepted.add(f"*/{attributes.subresource}")
    return any(each in accepted for each in listed)


def _path_matches(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _refusal(user: User, attributes: Attributes, resource: Resource | None) -> ApiError:
    if attributes.path:
        return forbidden(f'forbidden: User "{user.name}" cannot {attributes.verb} path "{attributes.path}"')
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    named = f"{attributes.resource}.{attributes.group}" if attributes.group else attributes.resource
    what = f'{named} "{attributes.name}"' if attributes.name else named
    resource_name = attributes.full_resource
    return forbidden(
        f'{what} is forbidden: User "{user.name}" cannot {attributes.verb} resource "{resource_name}" '
        f'in API group "{attributes.group}" {where}',
        resource,
        attributes.name,
    )
