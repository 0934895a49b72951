"""Start something slow, so that it is found again whatever happens next."""

from __future__ import annotations

from atelier.errors import ResourceInUse, RunStopped
from atelier.operations.model import Operation, OperationState
from atelier.operations.ports import LongRunning, Operations


def submit(operation: Operation, *, operations: Operations, service: LongRunning) -> None:
    """Record the operation, then ask its service to start it; `settle` finishes the task token later.

    The row comes before the call: when this function dies between the two, `settle` finds the row and calls
    instead. A retried step finds its row, which takes the new token, and its job, because both are named by
    the run and the step; where it has ended for good, `settle` tells the new token how. While the service is
    busy with something else (ResourceInUse) the row waits, and `settle` submits it. RunStopped when the run
    was asked to stop; every other error of the service.
    """
    if operations.stop_requested(operation.run_id):
        raise RunStopped(f"{operation.name} was not started: run {operation.run_id} was asked to stop")
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
