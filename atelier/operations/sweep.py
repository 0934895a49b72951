"""From an event to the operations worth a look, and through them past any one that fails."""

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
    """(run id, step) of each operation that the event is a reason to look at.

    Events: EventBridge's "SageMaker Training Job State Change" and S3's "Object Created" for what a Slurm
    cluster says of a job (one that Atelier did not start hints at nothing), the schedule (everything open),
    and {"run_id", "step"?} from a person's tool. ValueError for
    anything else.
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
        "settle takes a training-job event, a scheduled event or {run_id, step?}; "
        f"got an event with {', '.join(sorted(event)) or 'no keys'}"
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
    """Settle each operation that is still open; the number of those looked at.

    An operation that cannot be settled is logged and left for the next sweep; the ExceptionGroup at the end
    is what makes the function fail, so that its alarm sees it.
    """
    looked_at = 0
    failures: list[Exception] = []
    for run_id, step in steps:
        fields = {"run_id": run_id, "step": step}
        try:
            operation = operations.get(run_id, step)
            if operation is None or operation.state is OperationState.ENDED:
                continue
            looked_at += 1
            outcome = settle(
                operation,
                operations=operations,
                service=service_of(operation.kind),
                logs_of=logs_of,
                tokens=tokens,
                now=now,
            )
            logger.info("operation_settled", extra={**fields, "due": type(outcome).__name__})
        except Exception as error:
            logger.exception("operation_not_settled", extra=fields)
            failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {looked_at} operations could not be settled", failures)
    return looked_at
