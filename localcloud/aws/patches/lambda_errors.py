"""A failed Python function reports its exception's class as `errorType`, as AWS's runtime does.

MiniStack's workers report "Runtime.HandlerError" for everything: no Retry or Catch by name would ever match.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

REPORTED = '"error": str(e), "trace": traceback.format_exc()'
AS_AWS = (
    '"error": json.dumps({"errorMessage": str(e), "errorType": type(e).__name__, '
    '"stackTrace": traceback.format_tb(e.__traceback__)[1:]}), "trace": traceback.format_exc()'
)


def apply() -> None:
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(REPORTED, AS_AWS)
    original = lambda_svc._execute_function_warm

    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = original(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            result["body"] = {**_payload(body["errorMessage"]), "requestId": request_id}
        return result

    lambda_svc._execute_function_warm = execute


def _payload(message: str) -> dict[str, Any]:
    """The worker's report; a worker that died says so in words instead."""
    try:
        return dict(json.loads(message))
    except ValueError:
        return {"errorMessage": message, "errorType": "Runtime.ExitError"}
