"""What the states that wait on a task token have in common."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from atelier.operations.model import Operation, OperationKind
from atelier.operations.submit import submit
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def start(
    event: Mapping[str, Any], *, step: str, kind: OperationKind, request: Mapping[str, Any], within: int
) -> None:
    """Submit the operation that the state waits for; it must end within so many seconds."""
    recorded_at = wiring.now()
    operation = Operation(
        run_id=event["run_id"],
        step=step,
        kind=kind,
        request=request,
        token=event["task_token"],
        recorded_at=recorded_at,
        deadline=recorded_at + within,
    )
    submit(operation, operations=wiring.operations(), service=wiring.service_of(kind))
    logger.info("operation_submitted", extra={"run_id": operation.run_id, "step": operation.step})
