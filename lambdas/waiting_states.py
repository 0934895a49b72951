"""What the states that wait on a task token have in common."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from atelier.operations.model import Operation
from atelier.operations.submit import submit
from lambdas import composition

logger = logging.getLogger(__name__)


def start(
    event: Mapping[str, Any], *, step: str, kind: str, request: Mapping[str, Any], seconds: int
) -> None:
    """Submit the operation that the state waits for; it must end within so many seconds."""
    recorded_at = composition.now()
    submit_operation(
        Operation(
            run_id=event["run_id"],
            step=step,
            kind=kind,
            request=request,
            token=event["task_token"],
            recorded_at=recorded_at,
            deadline=recorded_at + seconds,
        )
    )


def submit_operation(operation: Operation, *, event_name: str = "operation_submitted") -> None:
    """Record the operation, start it at its service, and log that under `event_name`."""
    submit(operation, operations=composition.operations(), service=composition.service_of(operation.kind))
    logger.info(event_name, extra={"run_id": operation.run_id, "step": operation.step})
