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
    review = require_kind(resource, body)
    if resource is resources.SELF_REVIEWS:
        info = {
            "username": user.name,
            "groups": sorted(user.groups),
            **({"uid": user.uid} if user.uid else {}),
        }
        return {**review, "status": {"userInfo": info}}
    spec = review.get("spec") or {}
    allowed = rbac.allows(user, _attributes(spec))
    return {**review, "status": {"allowed": allowed, **({} if allowed else {"reason": "no rule allows it"})}}


def _attributes(spec: dict[str, Any]) -> Attributes:
    if "nonResourceAttributes" in spec:
        path = spec["nonResourceAttributes"]
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    attributes = spec.get("resourceAttributes") or {}
    return Attributes(
        attributes.get("verb", ""),
        attributes.get("group", ""),
        attributes.get("resource", ""),
        attributes.get("subresource", ""),
        attributes.get("namespace", ""),
        attributes.get("name", ""),
    )
