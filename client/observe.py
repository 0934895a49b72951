"""Snapshots of a run's progress, once or until it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from atelier.operations import loss_log
from atelier.operations.model import Operation, OperationState
from atelier.operations.ports import JobLogs, Operations
from atelier.platforms.registry import is_job
from client.executions import Executions
from client.progress import JobView, Progress, progress
from config.environments.local import LOCAL
from config.model import Environment

_LOCAL_SECONDS = 0.5
_AWS_SECONDS = 5.0


class Observer:
    """Snapshots of one run; the log of an ended job is read once."""

    def __init__(
        self,
        run_id: str,
        *,
        executions: Executions,
        operations: Operations,
        logs_of: Callable[[str], JobLogs],
        environment: Environment,
    ) -> None:
        self._run_id = run_id
        self._executions = executions
        self._operations = operations
        self._logs_of = logs_of
        self._environment = environment
        self._ended: dict[str, JobView] = {}

    def snapshot(self) -> Progress:
        """The run now. UnknownRun when there is none."""
        execution = self._executions.get(self._run_id)
        operations = sorted(self._operations.of_run(self._run_id), key=lambda row: row.recorded_at)
        return progress(
            execution,
            self._executions.visits(self._run_id),
            operations,
            {row.name: self._job(row) for row in operations if is_job(row.kind)},
            environment=self._environment.name,
            now=datetime.now(UTC),
        )

    def until_over(self) -> Iterator[Progress]:
        """Snapshots until the run is over; the last one is of the run that ended."""
        interval = _LOCAL_SECONDS if self._environment is LOCAL else _AWS_SECONDS
        while True:
            current = self.snapshot()
            yield current
            if current.execution.is_over:
                return
            time.sleep(interval)

    def _job(self, operation: Operation) -> JobView:
        if operation.name in self._ended:
            return self._ended[operation.name]
        view = self._read(operation)
        if operation.state is OperationState.ENDED:
            self._ended[operation.name] = view
        return view

    def _read(self, operation: Operation) -> JobView:
        losses: list[float] = []
        figures: dict[str, float] = {}
        for text in self._logs_of(operation.kind).logs(operation.name):
            values = loss_log.parse(text)
            if values is None:
                continue
            figures |= values
            if "reduced_train_loss" in values:
                losses.append(values["reduced_train_loss"])
        return JobView(detail=operation.detail, losses=tuple(losses), figures=figures)
