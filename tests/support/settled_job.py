"""A job on record behind a platform's adapter, and the workflow that waits for it."""

from __future__ import annotations

from typing import Protocol

from atelier.operations.model import Operation
from atelier.operations.ports import TrainingJobs
from atelier.operations.settle import settle
from tests.support.operations import FakeOperations, FakeTokens


class Line(Protocol):
    """An adapter before a service that stores; `now` is the test's clock."""

    now: int

    @property
    def jobs(self) -> TrainingJobs: ...


class SettledJob:
    """The row, the token and one look after another."""

    def __init__(self, line: Line, operation: Operation) -> None:
        self.line = line
        self.operations = FakeOperations(rows={(operation.run_id, operation.step): operation})
        self.tokens = FakeTokens()
        self._key = (operation.run_id, operation.step)

    @property
    def row(self) -> Operation:
        return self.operations.rows[self._key]

    def settle(self) -> None:
        settle(
            self.row,
            operations=self.operations,
            service=self.line.jobs,
            logs_of=lambda _: self.line.jobs,
            tokens=self.tokens,
            now=self.line.now,
        )
