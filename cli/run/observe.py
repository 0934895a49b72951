"""Look at a run: one snapshot of its progress, and the loop that looks until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from atelier.operations import loss_log
from atelier.operations.model import Operation, OperationState
from atelier.platforms.registry import is_job
from cli.run.progress import JobView, Progress, progress
from client.pipeline import PipelineClient
from config.environments.local import LOCAL

_LOCAL_SECONDS = 0.5
_AWS_SECONDS = 5.0


class Observer:
    """Looks at one run; what a job that has ended said is remembered, not asked again."""

    def __init__(self, line: PipelineClient, run_id: str) -> None:
        self._line = line
        self._run_id = run_id
        self._ended: dict[str, JobView] = {}

    def look(self) -> Progress:
        """The run now. UnknownRun when there is none."""
        execution = self._line.executions.get(self._run_id)
        operations = sorted(self._line.operations.of_run(self._run_id), key=lambda row: row.recorded_at)
        return progress(
            execution,
            self._line.executions.visits(self._run_id),
            operations,
            {row.name: self._job(row) for row in operations if is_job(row.kind)},
            environment=self._line.environment.name,
            now=datetime.now(UTC),
        )

    def until_over(self) -> Iterator[Progress]:
        """The run's progress, again and again until it is over; the last one is of the run that ended."""
        interval = _LOCAL_SECONDS if self._line.environment is LOCAL else _AWS_SECONDS
        while True:
            seen = self.look()
            yield seen
            if seen.execution.is_over:
                return
            time.sleep(interval)

    def _job(self, operation: Operation) -> JobView:
        if operation.name in self._ended:
            return self._ended[operation.name]
        view = self._look_at(operation)
        if operation.state is OperationState.ENDED:
            self._ended[operation.name] = view
        return view

    def _look_at(self, operation: Operation) -> JobView:
        losses: list[float] = []
        figures: dict[str, float] = {}
        for text in self._line.logs_of(operation.kind).logs(operation.name):
            values = loss_log.parse(text)
            if values is None:
                continue
            figures |= values
            if "reduced_train_loss" in values:
                losses.append(values["reduced_train_loss"])
        return JobView(detail=operation.detail, losses=tuple(losses), figures=figures)
