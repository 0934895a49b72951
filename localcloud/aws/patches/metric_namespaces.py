"""Policies on PutMetricData may name its namespace: a condition key that MiniStack does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions

ACTION = "cloudwatch:PutMetricData"
KEY = "cloudwatch:namespace"


def apply() -> None:
    request_tag_context = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = request_tag_context(service, iam_action, body, params)
        return found | {KEY: _namespace(body)} if iam_action == ACTION else found

    iam_actions.request_tag_context = context


def _namespace(body: bytes) -> str:
    """The request's namespace, as SDKs of today spell it: in JSON. "" in other protocols, and without one."""
    try:
        request = json.loads(body)
    except ValueError:
        return ""
    return str(request.get("Namespace", "")) if isinstance(request, dict) else ""
