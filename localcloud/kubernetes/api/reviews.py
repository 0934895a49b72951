"""Questions about oneself: may I do this (kubectl auth can-i), and who am I (kubectl auth whoami)."""

from __future__ import annotations

from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.access import User
from localcloud.kubernetes.api.rbac import Attributes, Rbac
from localcloud.kubernetes.objects import Object
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.validation import require_kind


def review(resource: Resource, body: Any, user: User, rbac: Rbac) -> Object:
    """The question with its answer in `status`."""
    asked = require_kind(resource, body)
    if resource is resources.SELF_REVIEWS:
        info = {
            "username": user.name,
            "groups": sorted(user.groups),
            **({"uid": user.uid} if user.uid else {}),
        }
        return {**asked, "status": {"userInfo": info}}
    spec = asked.get("spec") or {}
    allowed = rbac.allows(user, _attributes(spec))
    return {**asked, "status": {"allowed": allowed, **({} if allowed else {"reason": "no rule allows it"})}}


def _attributes(spec: dict[str, Any]) -> Attributes:
    if "nonResourceAttributes" in spec:
        path = spec["nonResourceAttributes"]
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    wanted = spec.get("resourceAttributes") or {}
    return Attributes(
        wanted.get("verb", ""),
        wanted.get("group", ""),
        wanted.get("resource", ""),
        wanted.get("subresource", ""),
        wanted.get("namespace", ""),
        wanted.get("name", ""),
    )
