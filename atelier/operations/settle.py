"""Level-triggered waiting: look at one operation, compare with the service's truth, do what is due.

An event is only a reason to look. What is due follows from the row and the service alone, so a lost,
doubled or late event changes nothing, and neither does a crash between any two lines: the next look does
what the last one left.
"""

from __future__ import annotations

from dataclasses import dataclass

from atelier.errors import (
    AtelierError,
    DeadlineExceeded,
    OperationLost,
    RunStopped,
    ServiceUnavailable,
    StillInUse,
    Throttled,
)
from atelier.operations.model import Operation, OperationState, Phase, Status
from atelier.ports import LongRunning, Operations, TaskTokens

# A service may need a moment before it shows what it just accepted.
SECONDS_UNTIL_LOST = 300

_TRANSIENT = (Throttled, ServiceUnavailable, StillInUse)


@dataclass(frozen=True)
class Succeed:
    """Finish the token with the service's result."""


@dataclass(frozen=True)
class Fail:
    """Finish the token with an error; `stop` when the service may still be at work."""

    error: str
    cause: str
    stop: bool = False


@dataclass(frozen=True)
class Submit:
    """The call never happened: make it."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do until the service moves."""


Due = Succeed | Fail | Submit | Wait


def due(operation: Operation, status: Status, *, stop_requested: bool, now: int) -> Due:
    """What an operation needs now. A result that is there counts, even past the deadline or after a stop."""
    if status.phase is Phase.SUCCEEDED:
        return Succeed()
    if status.phase is Phase.FAILED:
        return Fail(status.error, status.cause)
    if stop_requested:
        return Fail(
            RunStopped.__name__, f"{operation.name} was stopped: the run was asked to stop", stop=True
        )
    if now >= operation.deadline:
        waited = operation.deadline - operation.recorded_at
        seen = f"{status.phase.value}{f' ({status.detail})' if status.detail else ''}"
        cause = (
            f"{operation.name} did not end within {waited} s and was stopped; its service last said {seen}"
        )
        return Fail(DeadlineExceeded.__name__, cause, stop=True)
    if status.phase is Phase.RUNNING:
        return Wait()
    if operation.state is OperationState.RECORDED:
        return Submit()
    if now < operation.recorded_at + SECONDS_UNTIL_LOST:
        return Wait()
    return Fail(OperationLost.__name__, f"{operation.name} was accepted, but its service no longer knows it")


def settle(
    operation: Operation, *, operations: Operations, service: LongRunning, tokens: TaskTokens, now: int
) -> Due:
    """Do what is due for an open operation and return it. `now` in seconds since the epoch.

    The token is finished before the row is closed: a crash in between costs a second attempt on a token
    that is gone, which is success, while the other order would leave the workflow waiting.
    """
    status = service.describe(operation)
    step = due(operation, status, stop_requested=operations.stop_requested(operation.run_id), now=now)
    if isinstance(step, Submit):
        step = _submit(operation, operations=operations, service=service)
    if isinstance(step, Succeed):
        tokens.succeed(operation.token, status.result)
        operations.close(operation, at=now)
    elif isinstance(step, Fail):
        if step.stop:
            service.stop(operation)
        tokens.fail(operation.token, error=step.error, cause=step.cause)
        operations.close(operation, at=now, error=step.error)
    elif operation.state is OperationState.RECORDED and status.phase is Phase.RUNNING:
        operations.mark_started(operation)
    return step


def _submit(operation: Operation, *, operations: Operations, service: LongRunning) -> Due:
    """Make the call that the submitting function did not; a refusal is final, a busy service can wait."""
    try:
        service.submit(operation)
    except _TRANSIENT:
        raise
    except AtelierError as error:
        return Fail(type(error).__name__, str(error))
    if not operations.mark_started(operation):
        service.stop(operation)
    return Submit()
