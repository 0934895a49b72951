"""Operations and logs in memory, for a run that is played and, in tests, as fakes that store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from atelier import names
from atelier.errors import UnknownRun
from atelier.operations.early_stopping import EarlyStop
from atelier.operations.model import Operation, OperationResult, OperationState


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
class FakeLogs:
    """Port `JobLogs`: lines by job, and how often somebody read them."""

    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reads: int = 0

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        self.reads += 1
        lines = self.lines.get(job_name, ())
        return [line for line in lines if not containing or any(text in line for text in containing)]
