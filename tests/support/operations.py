"""Fakes that store: an operations table, a service that runs jobs by name, and task tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from atelier import names
from atelier.errors import AtelierError, UnknownRun
from atelier.operations.early_stopping import EarlyStop, StopPolicy
from atelier.operations.model import Operation, OperationKind, OperationResult, OperationState, Phase, Status
from atelier.operations.settle import Action, settle

ABSENT = Status(Phase.ABSENT)
RUNNING = Status(Phase.RUNNING, detail="Training")
SUCCEEDED = Status(Phase.SUCCEEDED, result={"job_name": "demo"})
STOPPED = Status(
    Phase.STOPPED,
    result={"job_name": "demo"},
    error="JobFailed",
    cause="someone stopped the job",
)
FAILED = Status(Phase.FAILED, error="JobFailed", cause="AlgorithmError: loss is NaN, exit code: 1")

POLICY = StopPolicy(patience=2, min_delta=0.01, saved_every=10, loss_keys=("val_loss", "validation_loss"))
OVERFITTING = (
    "global_step=10 val_loss=0.9",
    "global_step=20 val_loss=0.5",
    "global_step=30 val_loss=0.6",
    "global_step=40 val_loss=0.7",
)

RUN_ID = "tool-calling-20261123140500"


def an_operation(step: str = "s0", **changes: Any) -> Operation:
    """An operation as SubmitTrainingJob records it: from second 0, with an hour to end."""
    values: dict[str, Any] = {
        "run_id": RUN_ID,
        "step": step,
        "kind": OperationKind.TRAINING_JOB,
        "request": {"TrainingJobName": names.operation_name(RUN_ID, step)},
        "token": "token-1",
        "recorded_at": 0,
        "deadline": 3600,
    }
    return Operation(**values | changes)


@dataclass
class FakeOperations:
    """Port `Operations` on dictionaries."""

    rows: dict[tuple[str, str], Operation] = field(default_factory=dict)
    stops: set[str] = field(default_factory=set)
    decisions: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def record(self, operation: Operation) -> Operation:
        key = (operation.run_id, operation.step)
        old = self.rows.get(key)
        if old is None:
            self.rows[key] = operation
        elif old.state is OperationState.ENDED:
            self.rows[key] = replace(
                operation,
                request=old.request,
                stop_policy=old.stop_policy,
                early_stop=old.early_stop,
                outcome=old.outcome,
            )
        else:
            self.rows[key] = replace(old, token=operation.token)
        return self.rows[key]

    def restate(self, operation: Operation, request: Mapping[str, Any]) -> bool:
        key = (operation.run_id, operation.step)
        if self.rows[key].state is not OperationState.RECORDED:
            return False
        self.rows[key] = replace(self.rows[key], request=request)
        return True

    def mark_started(self, operation: Operation) -> bool:
        key = (operation.run_id, operation.step)
        if self.rows[key].state is OperationState.ENDED:
            return False
        self.rows[key] = replace(self.rows[key], state=OperationState.STARTED)
        return True

    def note(self, operation: Operation, detail: str) -> None:
        key = (operation.run_id, operation.step)
        if self.rows[key].state is not OperationState.ENDED:
            self.rows[key] = replace(self.rows[key], detail=detail)

    def stop_early(self, operation: Operation, decision: EarlyStop) -> EarlyStop | None:
        key = (operation.run_id, operation.step)
        if self.rows[key].state is OperationState.ENDED:
            return None
        if self.rows[key].early_stop is None:
            self.rows[key] = replace(self.rows[key], early_stop=decision)
        return self.rows[key].early_stop

    def conclude(self, operation: Operation, outcome: OperationResult) -> OperationResult | None:
        key = (operation.run_id, operation.step)
        if self.rows[key].state is OperationState.ENDED:
            return None
        if self.rows[key].outcome is None:
            self.rows[key] = replace(self.rows[key], outcome=outcome)
        return self.rows[key].outcome

    def close(self, operation: Operation, *, at: int, error: str = "") -> None:
        key = (operation.run_id, operation.step)
        row = self.rows[key]
        if row.token == operation.token and row.state is not OperationState.ENDED:
            self.rows[key] = replace(row, state=OperationState.ENDED, ended_at=at, error=error)

    def get(self, run_id: str, step: str) -> Operation | None:
        return self.rows.get((run_id, step))

    def open_steps(self) -> Iterable[tuple[str, str]]:
        return [key for key, row in self.rows.items() if row.state is not OperationState.ENDED]

    def of_run(self, run_id: str) -> Iterable[Operation]:
        return [row for row in self.rows.values() if row.run_id == run_id]

    def request_stop(self, run_id: str) -> None:
        self.stops.add(run_id)

    def stop_requested(self, run_id: str) -> bool:
        return run_id in self.stops

    def decide(self, run_id: str, *, approved: bool, by: str, comment: str) -> Mapping[str, Any]:
        row = self.rows.get((run_id, names.APPROVAL))
        is_open = row is not None and row.state is not OperationState.ENDED
        if not is_open and run_id not in self.decisions:
            raise UnknownRun(f"no approval is open for {run_id}")
        return self.decisions.setdefault(run_id, {"approved": approved, "by": by, "comment": comment})

    def decision(self, run_id: str) -> Mapping[str, Any] | None:
        return self.decisions.get(run_id)


@dataclass
class FakeService:
    """Port `LongRunning`: jobs by operation name, started once each; `refuses` is what submit raises."""

    jobs: dict[str, Status] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    refuses: AtelierError | None = None

    def submit(self, operation: Operation) -> None:
        if self.refuses:
            raise self.refuses
        if operation.name not in self.jobs:
            self.jobs[operation.name] = RUNNING
            self.starts.append(operation.name)

    def describe(self, operation: Operation) -> Status:
        return self.jobs.get(operation.name, ABSENT)

    def stop(self, operation: Operation) -> None:
        self.stops.append(operation.name)
        if self.jobs.get(operation.name) == RUNNING:
            self.jobs[operation.name] = STOPPED


@dataclass
class FakeLogs:
    """Port `JobLogs`: lines by job, and how often somebody read them."""

    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reads: int = 0

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        self.reads += 1
        lines = self.lines.get(job_name, ())
        return [line for line in lines if not containing or any(text in line for text in containing)]


@dataclass
class FakeTokens:
    """Port `TaskTokens`: the first outcome of a token counts, and a token that was never issued is gone."""

    outcomes: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)

    def succeed(self, token: str, result: Mapping[str, Any]) -> None:
        if token not in self.gone:
            self.outcomes.setdefault(token, dict(result))

    def fail(self, token: str, *, error: str, cause: str) -> None:
        if token not in self.gone:
            self.outcomes.setdefault(token, (error, cause))


class SettledOperation:
    """One operation on record, its service, its log and its workflow; `settle` is the function under test."""

    def __init__(
        self, status: Status, state: OperationState = OperationState.STARTED, **changes: Any
    ) -> None:
        self.operations = FakeOperations()
        self.operations.rows[RUN_ID, "s0"] = an_operation(state=state, **changes)
        self.service = FakeService(jobs={} if status == ABSENT else {f"{RUN_ID}-s0": status})
        self.tokens = FakeTokens()
        self.logs = FakeLogs()

    @property
    def row(self) -> Operation:
        return self.operations.rows[RUN_ID, "s0"]

    def settle(self, now: int = 60, *, row: Operation | None = None) -> Action:
        return settle(
            row or self.row,
            operations=self.operations,
            service=self.service,
            logs_of=lambda _: self.logs,
            tokens=self.tokens,
            now=now,
        )
