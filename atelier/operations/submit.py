"""Start an operation, after recording it."""

from __future__ import annotations

from atelier.errors import ResourceInUse, RunStopped
from atelier.operations.model import Operation, OperationState
from atelier.operations.ports import LongRunning, Operations


def submit(operation: Operation, *, operations: Operations, service: LongRunning) -> None:
    """Record the operation, then call its service; `settle` finishes the task token later.

    The row is written first: if this function dies before the call, `settle` finds the row and makes the
    call. A retried step finds its row and its job by the run and the step; the row takes the new token. If
    the operation has already ended, `settle` finishes the new token with the recorded outcome. RunStopped
    when a stop of the run was requested; the service's errors are raised too, except ResourceInUse: while the
    service is busy with something else the row waits, and `settle` makes the call.
    """
    if operations.stop_requested(operation.run_id):
        raise RunStopped(f"{operation.name} was not started: a stop of run {operation.run_id} was requested")
    current = operations.record(operation)
    if current.state is OperationState.STARTED or current.outcome:
        return
    try:
        service.submit(current)
    except ResourceInUse as error:
        operations.note(current, str(error))
        return
    if not operations.mark_started(current):
        service.stop(current)
