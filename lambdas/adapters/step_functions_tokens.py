"""Port TaskTokens on Step Functions.

Limits (botocore, service model stepfunctions/2016-11-23): output 262,144 bytes, error 256 and cause 32,768
characters.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from atelier.errors import RequestRefused
from lambdas.adapters.client_errors import domain_errors, error_code

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

logger = logging.getLogger(__name__)

_MAX_OUTPUT_BYTES = 262_144
_MAX_CAUSE_CHARACTERS = 32_768
_GONE = {"TaskDoesNotExist", "InvalidToken", "TaskTimedOut"}


class StepFunctionsTokens:
    """Task tokens of the run's execution. The token itself is in no error and no log."""

    def __init__(self, *, stepfunctions: SFNClient) -> None:
        self._stepfunctions = stepfunctions

    def succeed(self, token: str, result: Mapping[str, Any]) -> None:
        """SendTaskSuccess; a result too large for a state fails it, which would hang otherwise."""
        output = json.dumps(result)
        if len(output.encode()) > _MAX_OUTPUT_BYTES:
            cause = f"the result has {len(output.encode())} bytes, a state takes {_MAX_OUTPUT_BYTES}"
            self.fail(token, error=RequestRefused.__name__, cause=cause)
            return
        self._send(
            "states:SendTaskSuccess",
            lambda: self._stepfunctions.send_task_success(taskToken=token, output=output),
        )

    def fail(self, token: str, *, error: str, cause: str) -> None:
        """SendTaskFailure, the cause cut to what Step Functions takes."""
        cause = cause if len(cause) <= _MAX_CAUSE_CHARACTERS else cause[: _MAX_CAUSE_CHARACTERS - 1] + "…"
        self._send(
            "states:SendTaskFailure",
            lambda: self._stepfunctions.send_task_failure(taskToken=token, error=error, cause=cause),
        )

    def _send(self, action: str, call: Callable[[], Any]) -> None:
        with domain_errors(action, "a task token"):
            try:
                call()
            except ClientError as failure:
                if error_code(failure) not in _GONE:
                    raise
                logger.info("task_token_gone", extra={"reason": error_code(failure)})
