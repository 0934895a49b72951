"""Fakes that store: an operations table, a service that runs jobs by name, and task tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from atelier import names
from atelier.errors import AtelierError
from atelier.operations.early_stopping import StopPolicy
from atelier.operations.model import Operation, OperationKind, OperationState, Phase, Status
from atelier.operations.settle import Action, settle
from benchmarks.operations import FakeLogs as FakeLogs, FakeOperations as FakeOperations

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
