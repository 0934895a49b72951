"""Find the operations that an event affects, and settle them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from atelier import names
from atelier.operations.model import OperationState
from atelier.operations.ports import JobLogs, LongRunning, Operations, TaskTokens
from atelier.operations.settle import settle

logger = logging.getLogger(__name__)


def affected_operations(event: Mapping[str, Any], operations: Operations) -> Iterable[tuple[str, str]]:
    """(run id, step) of each operation that an event affects.

    Events: EventBridge's "SageMaker Training Job State Change", S3's "Object Created" for a status object of
    a Slurm cluster, the schedule (all open operations), and {"run_id", "step"?} from a client. Jobs that
    Atelier did not start affect no operation. ValueError for anything else.
    """
    match event:
        case {"detail": {"TrainingJobName": str(job_name)}}:
            return _step_of(job_name)
        case {"detail": {"object": {"key": str(key)}}}:
            return _step_of(PurePosixPath(key).stem)
        case {"detail-type": "Scheduled Event"}:
            return operations.open_steps()
        case {"run_id": str(run_id), "step": str(step)}:
            return [(run_id, step)]
        case {"run_id": str(run_id)}:
            return [(operation.run_id, operation.step) for operation in operations.of_run(run_id)]
    raise ValueError(
        f"an event with {', '.join(sorted(event)) or 'no keys'} is unknown; accepted: "
        "a training-job event, an object-created event, a scheduled event or {run_id, step?}"
    )


def _step_of(job_name: str) -> list[tuple[str, str]]:
    step = names.parse_job_name(job_name)
    return [step] if step else []


def sweep(
    steps: Iterable[tuple[str, str]],
    *,
    operations: Operations,
    service_of: Callable[[str], LongRunning],
    logs_of: Callable[[str], JobLogs],
    tokens: TaskTokens,
    now: int,
) -> int:
    """Settle each operation that is still open; returns their number.

    An operation that cannot be settled is logged and left for the next sweep. The ExceptionGroup at the end
    makes the Lambda function fail, which triggers its alarm.
    """
    open_count = 0
    failures: list[Exception] = []
    for run_id, step in steps:
        fields = {"run_id": run_id, "step": step}
        try:
            operation = operations.get(run_id, step)
            if operation is None or operation.state is OperationState.ENDED:
                continue
            open_count += 1
            action = settle(
                operation,
                operations=operations,
                service=service_of(operation.kind),
                logs_of=logs_of,
                tokens=tokens,
                now=now,
            )
            logger.info("operation_settled", extra={**fields, "due": type(action).__name__})
        except Exception as error:
            logger.exception("operation_not_settled", extra=fields)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {open_count} operations could not be settled", failures)
    return open_count
