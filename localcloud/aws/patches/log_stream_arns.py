"""Log streams are authorized by their own ARN; MiniStack checks the group's.

A policy on `log-group:<name>:log-stream:*`, such as AWS's own for nodes of clusters, would allow nothing.
Source: AWS's refusals, which name the stream's ARN, and its service authorization reference.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions

ACTIONS = ("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents")


def apply() -> None:
    extract = iam_actions.extract_resource_arn

    def of_stream(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, *rest: Any
    ) -> str:
        arn = str(extract(service, method, path, headers, body, *rest))
        if service != "logs" or headers.get("x-amz-target", "").rpartition(".")[2] not in ACTIONS:
            return arn
        try:
            stream = json.loads(body).get("logStreamName")
        except (ValueError, AttributeError):
            return arn
        return f"{arn}:log-stream:{stream}" if stream else arn

    iam_actions.extract_resource_arn = of_stream
