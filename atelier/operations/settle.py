"""Level-triggered waiting: look at one operation, compare with the service's truth, do what is due.

An event is only a reason to look. What is due follows from the row and the service alone, so a lost,
doubled or late event changes nothing, and neither does a crash between any two lines: the next look does
what the last one left.
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

# A service may need a moment before it shows what it just accepted.
SECONDS_UNTIL_LOST = 300

_TRANSIENT = (Throttled, ServiceUnavailable)


@dataclass(frozen=True)
class Succeed:
    """Finish the token with `result`; `stop` when what it was made of is to be taken away."""

    result: Mapping[str, Any]
    stop: bool = False


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


@dataclass(frozen=True)
class StopEarly:
    """Stop the job, which no longer improves; its best checkpoint counts once it has stopped."""

    decision: EarlyStop


Action = Succeed | Fail | Submit | Wait | StopEarly


def decide(operation: Operation, status: Status, *, stop_requested: bool, now: int) -> Action:
    """What an operation needs now. A result that is there counts, even past the deadline or after a stop."""
    if operation.outcome:
        is_there = status.phase is Phase.RUNNING or status.leaves_something
        return _action_of(operation.outcome, stop=is_there)
    if status.phase is Phase.SUCCEEDED:
        return Succeed(status.result, stop=status.leaves_something)
    if status.phase is Phase.STOPPED and operation.early_stop:
        return Succeed({**status.result, "early_stop": operation.early_stop.to_json()})
    if status.phase in (Phase.STOPPED, Phase.FAILED):
        return Fail(status.error, status.cause, stop=status.leaves_something)
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
    return Fail(OperationLost.__name__, f"{operation.name} was accepted, but its service no longer knows it")


def settle(
    operation: Operation,
    *,
    operations: Operations,
    service: LongRunning,
    logs_of: Callable[[str], JobLogs],
    tokens: TaskTokens,
    now: int,
) -> Action:
    """Do what is due for an open operation and return it. `now` in seconds since the epoch.

    The token is finished before the row is closed: a crash in between costs a second attempt on a token
    that is gone, which is success, while the other order would leave the workflow waiting. Where stopping
    takes away what tells how the operation ended, that is on record first.
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
        # That may be Atelier's own doing, on record since this row was read.
        operation = operations.get(operation.run_id, operation.step) or operation
        if operation.state is OperationState.ENDED:
            return Wait()
    step = decide(operation, status, stop_requested=operations.stop_requested(operation.run_id), now=now)
    if isinstance(step, Submit):
        step = _submit(operation, operations=operations, service=service)
    elif isinstance(step, Wait) and status.phase is Phase.RUNNING and not status.is_stopping:
        step = _consider_stopping(operation, operations=operations, logs_of=logs_of)
    if isinstance(step, Succeed | Fail) and step.stop:
        current = operations.conclude(operation, _outcome_of(step))
        step = _action_of(current, stop=True) if current else step
    if isinstance(step, StopEarly):
        service.stop(operation)
    if isinstance(step, Succeed | Fail):
        _finish(operation, step, operations=operations, service=service, tokens=tokens, now=now)
    else:
        if operation.state is OperationState.RECORDED and status.phase is Phase.RUNNING:
            operations.mark_started(operation)
        if status.detail and status.detail != operation.detail:
            operations.note(operation, status.detail)
    return step


def _finish(
    operation: Operation,
    step: Succeed | Fail,
    *,
    operations: Operations,
    service: LongRunning,
    tokens: TaskTokens,
    now: int,
) -> None:
    """Finish the token, stop what is left, and close the row; a failure is stopped before it is reported."""
    if isinstance(step, Succeed):
        tokens.succeed(operation.token, step.result)
        if step.stop:
            service.stop(operation)
        operations.close(operation, at=now)
        return
    if step.stop:
        service.stop(operation)
    tokens.fail(operation.token, error=step.error, cause=step.cause)
    operations.close(operation, at=now, error=step.error)


def _unreachable(operation: Operation, error: AtelierError) -> Succeed | Fail:
    """The end of an operation whose service cannot be queried at its deadline."""
    cause = f"{operation.name}: its deadline passed and the cluster could not be queried: {error}"
    failure = OperationResult(error=ClusterUnreachable.__name__, cause=cause)
    return _action_of(operation.outcome or failure, stop=False)


def _outcome_of(step: Succeed | Fail) -> OperationResult:
    return (
        OperationResult(step.result)
        if isinstance(step, Succeed)
        else OperationResult(error=step.error, cause=step.cause)
    )


def _action_of(outcome: OperationResult, *, stop: bool) -> Succeed | Fail:
    if outcome.error:
        return Fail(outcome.error, outcome.cause, stop=stop)
    return Succeed(outcome.result, stop=stop)


def _consider_stopping(
    operation: Operation, *, operations: Operations, logs_of: Callable[[str], JobLogs]
) -> Action:
    """Hold the job's validation losses to its policy. The decision is on record before anything is stopped:
    what stopped the job can then be told from the row, whenever this function dies."""
    policy = operation.stop_policy
    if policy is None:
        return Wait()
    lines = logs_of(operation.kind).logs(operation.name, containing=policy.loss_keys)
    decision = policy.decide(validation_losses(lines, policy.loss_keys))
    current = decision and operations.stop_early(operation, decision)
    return StopEarly(current) if current else Wait()


def _submit(operation: Operation, *, operations: Operations, service: LongRunning) -> Action:
    """Make the call that the submitting function did not; a refusal is final, a busy service can wait."""
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
