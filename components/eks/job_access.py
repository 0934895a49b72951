"""Kubernetes Roles of each group in the namespaces of jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from atelier.platforms.eks.resources import role_rules
from components.eks.access import JOBS_GROUP, WATCH_GROUP

WATCH_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
_RBAC = "rbac.authorization.k8s.io"


def job_access(namespaces: Mapping[str, bool], *, with_services: bool = False) -> list[dict[str, Any]]:
    """A Role and its binding for each group in each of `namespaces`.

    A true value in `namespaces` adds the namespace itself.
    """
    groups = {JOBS_GROUP: role_rules(with_services=with_services), WATCH_GROUP: WATCH_RULES}
    return [
        manifest
        for name, is_ours in namespaces.items()
        for manifest in [
            *([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}] if is_ours else []),
            *(each for group, rules in groups.items() for each in _granted(name, group, rules)),
        ]
    ]


def _granted(namespace: str, group: str, rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    metadata = {"name": group, "namespace": namespace}
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [*rules]},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": group},
            "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": group}],
        },
    ]
