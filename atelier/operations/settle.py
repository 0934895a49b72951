"""Settle an operation: compare its row with the service's status and take the next action.

This is level-triggered: an event only triggers a check, and the action depends on the row and the service
alone. Lost, duplicate and late events are therefore harmless. So is a crash between any two statements: the
next call continues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier.errors import (
    AtelierError,
    ClusterUnreachable,
    DeadlineExceeded,
    OperationLost,
    ResourceInUse,
    RunStopped,
    ServiceUnavailable,
    Throttled,
)
from atelier.operations.early_stopping import EarlyStop
from atelier.operations.loss_log import validation_losses
from atelier.operations.model import Operation, OperationResult, OperationState, Phase, Status
from atelier.operations.ports import JobLogs, LongRunning, Operations, TaskTokens

# A service may be slow to show an operation that it has just accepted.
SECONDS_UNTIL_LOST = 300

_TRANSIENT = (Throttled, ServiceUnavailable)


@dataclass(frozen=True)
class Succeed:
    """Finish the token with `result`; with `stop`, delete the operation's objects at its service."""

    result: Mapping[str, Any]
    stop: bool = False


@dataclass(frozen=True)
class Fail:
    """Finish the token with an error; with `stop`, stop the operation at its service first."""

    error: str
    cause: str
    stop: bool = False


@dataclass(frozen=True)
class Submit:
    """Call the service: the submitting function did not."""


@dataclass(frozen=True)
class Wait:
    """Do nothing until the service's status changes."""


@dataclass(frozen=True)
class StopEarly:
    """Stop a job that no longer improves. Once it has stopped, its best checkpoint is the result."""

    decision: EarlyStop


Action = Succeed | Fail | Submit | Wait | StopEarly


def decide(operation: Operation, status: Status, *, stop_requested: bool, now: int) -> Action:
    """The next action for an operation. A result counts even past the deadline or after a stop."""
    if operation.outcome:
        still_exists = status.phase is Phase.RUNNING or status.leaves_something
        return _action_of(operation.outcome, stop=still_exists)
    if status.phase is Phase.SUCCEEDED:
        return Succeed(status.result, stop=status.leaves_something)
    if status.phase is Phase.STOPPED and operation.early_stop:
        return Succeed({**status.result, "early_stop": operation.early_stop.to_json()})
    if status.phase in (Phase.STOPPED, Phase.FAILED):
        return Fail(status.error, status.cause, stop=status.leaves_something)
    if stop_requested:
        return Fail(
            RunStopped.__name__, f"{operation.name} was stopped: a stop of the run was requested", stop=True
        )
    if now >= operation.deadline:
        waited = operation.deadline - operation.recorded_at
        seen = f"{status.phase.value}{f' ({status.detail})' if status.detail else ''}"
        cause = f"{operation.name} did not end within {waited} s and was stopped; last status: {seen}"
        if status.error:
            return Fail(status.error, status.cause, stop=True)
        return Fail(DeadlineExceeded.__name__, cause, stop=True)
    if status.phase is Phase.RUNNING:
        if operation.early_stop and not status.is_stopping:
            return StopEarly(operation.early_stop)
        return Wait()
    if operation.state is OperationState.RECORDED:
        return Submit()
    if now < operation.recorded_at + SECONDS_UNTIL_LOST:
        return Wait()
    return Fail(
        OperationLost.__name__, f"{operation.name} was accepted, but its service does not know it any more"
    )


def settle(
    operation: Operation,
    *,
    operations: Operations,
    service: LongRunning,
    logs_of: Callable[[str], JobLogs],
    tokens: TaskTokens,
    now: int,
) -> Action:
    """Take the next action for an open operation and return it. `now` in seconds since the epoch.

    The token is finished before the row is closed: after a crash in between, the token is finished a second
    time, which is success. In the other order, the workflow would wait forever. The outcome is recorded
    before `stop` deletes the objects from which it was read.
    """
    try:
        status = service.describe(operation)
    except AtelierError as error:
        if not service.ends_by_itself or now < operation.deadline:
            raise
        unreachable = _unreachable(operation, error)
        _finish(operation, unreachable, operations=operations, service=service, tokens=tokens, now=now)
        return unreachable
    if status.phase in (Phase.ABSENT, Phase.STOPPED):
        # Atelier may have done this itself since the row was read: read it again.
        row = operations.get(operation.run_id, operation.step) or operation
        # Another function submitted it after the service was queried: what the service said is no longer so.
        was_submitted_since = (operation.state, row.state) == (
            OperationState.RECORDED,
            OperationState.STARTED,
        )
        if row.state is OperationState.ENDED or was_submitted_since:
            return Wait()
        operation = row
    action = decide(operation, status, stop_requested=operations.stop_requested(operation.run_id), now=now)
    if isinstance(action, Submit):
        action = _submit(operation, operations=operations, service=service)
    elif isinstance(action, Wait) and status.phase is Phase.RUNNING and not status.is_stopping:
        action = _consider_stopping(operation, operations=operations, logs_of=logs_of)
    if isinstance(action, Succeed | Fail) and action.stop:
        current = operations.conclude(operation, _outcome_of(action))
        action = _action_of(current, stop=True) if current else action
    if isinstance(action, StopEarly):
        service.stop(operation)
    if isinstance(action, Succeed | Fail):
        _finish(operation, action, operations=operations, service=service, tokens=tokens, now=now)
    else:
        if operation.state is OperationState.RECORDED and status.phase is Phase.RUNNING:
            operations.mark_started(operation)
        if status.detail and status.detail != operation.detail:
            operations.note(operation, status.detail)
    return action


def _finish(
    operation: Operation,
    action: Succeed | Fail,
    *,
    operations: Operations,
    service: LongRunning,
    tokens: TaskTokens,
    now: int,
) -> None:
    """Finish the token, stop the operation if needed, and close the row.

    A failed operation is stopped before its failure is reported.
    """
    if isinstance(action, Succeed):
        tokens.succeed(operation.token, action.result)
        if action.stop:
            service.stop(operation)
        operations.close(operation, at=now)
        return
    if action.stop:
        service.stop(operation)
    tokens.fail(operation.token, error=action.error, cause=action.cause)
    operations.close(operation, at=now, error=action.error)


def _unreachable(operation: Operation, error: AtelierError) -> Succeed | Fail:
    """The final action for an operation whose service cannot be queried at its deadline."""
    cause = f"{operation.name}: deadline passed and the cluster could not be queried: {error}"
    failure = OperationResult(error=ClusterUnreachable.__name__, cause=cause)
    return _action_of(operation.outcome or failure, stop=False)


def _outcome_of(action: Succeed | Fail) -> OperationResult:
    return (
        OperationResult(action.result)
        if isinstance(action, Succeed)
        else OperationResult(error=action.error, cause=action.cause)
    )


def _action_of(outcome: OperationResult, *, stop: bool) -> Succeed | Fail:
    if outcome.error:
        return Fail(outcome.error, outcome.cause, stop=stop)
    return Succeed(outcome.result, stop=stop)


def _consider_stopping(
    operation: Operation, *, operations: Operations, logs_of: Callable[[str], JobLogs]
) -> Action:
    """Check the job's validation losses against its early stopping policy.

    The decision is recorded before the job is stopped, so the row always shows why it stopped, even if this
    function dies.
    """
    policy = operation.stop_policy
    if policy is None:
        return Wait()
    lines = logs_of(operation.kind).logs(operation.name, containing=policy.loss_keys)
    decision = policy.decide(validation_losses(lines, policy.loss_keys))
    current = decision and operations.stop_early(operation, decision)
    return StopEarly(current) if current else Wait()


def _submit(operation: Operation, *, operations: Operations, service: LongRunning) -> Action:
    """Make the call that the submitting function did not make.

    A refusal is final; a transient error is raised, and the next call tries again.
    """
    try:
        service.submit(operation)
    except ResourceInUse as error:
        operations.note(operation, str(error))
        return Wait()
    except _TRANSIENT:
        raise
    except AtelierError as error:
        return Fail(type(error).__name__, str(error))
    if not operations.mark_started(operation):
        service.stop(operation)
    return Submit()
