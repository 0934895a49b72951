"""A function that fails under `lambda:invoke.waitForTaskToken` fails its state at once, as on AWS.

MiniStack drops the error and waits for the token until the state's timeout.
"""

from __future__ import annotations

import contextvars
from typing import Any

from ministack.services import stepfunctions

_token: contextvars.ContextVar[str] = contextvars.ContextVar("atelier_task_token", default="")


def apply() -> None:
    invoke_with_callback = stepfunctions._invoke_with_callback
    call_lambda = stepfunctions._call_lambda

    def with_callback(resource: str, input_data: Any, token: str, state: dict[str, Any]) -> Any:
        reset = _token.set(token)
        try:
            return invoke_with_callback(resource, input_data, token, state)
        finally:
            _token.reset(reset)

    def call(reference: str, event: Any) -> Any:
        try:
            return call_lambda(reference, event)
        except stepfunctions._ExecutionError as error:
            waiting = stepfunctions._task_tokens.get(_token.get()) if _token.get() else None
            if waiting is not None:
                waiting["error"] = {"Error": error.error, "Cause": error.cause}
                waiting["event"].set()
            raise

    stepfunctions._invoke_with_callback = with_callback
    stepfunctions._call_lambda = call
