"""Ports for operations: services, the operations table and task tokens.

Their adapters are in lambdas/adapters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from atelier.operations.early_stopping import EarlyStop
from atelier.operations.model import Operation, OperationResult, Status


class LongRunning(Protocol):
    """A service that starts a slow operation under a given name and reports its status."""

    ends_by_itself: bool
    """True if the service enforces its own time limits.

    Then an operation can be closed at its deadline even when the service cannot be reached."""

    def submit(self, operation: Operation) -> None:
        """Start the operation. Success if one with this name already exists."""

    def describe(self, operation: Operation) -> Status:
        """The operation's current status; phase ABSENT when the service does not know it."""

    def stop(self, operation: Operation) -> None:
        """Request a stop. Success if the operation has ended or never existed."""


class JobLogs(Protocol):
    """The logs of training jobs."""

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        """The job's log lines so far, oldest first; none when there is no log yet.

        With `containing`, only lines that contain one of these texts.
        """


class TrainingJobs(LongRunning, JobLogs, Protocol):
    """Jobs that train or evaluate on one platform."""


class Operations(Protocol):
    """The operations table. Every read but `open_steps` is consistent."""

    def record(self, operation: Operation) -> Operation:
        """Write the row before the call; returns the stored row.

        An existing row takes the new token and keeps everything else, so a retried step continues with its
        first request. An ENDED row becomes RECORDED again, with the new deadline.
        """

    def mark_started(self, operation: Operation) -> bool:
        """Record that the service accepted the call; False if the row was closed in the meantime."""

    def note(self, operation: Operation, detail: str) -> None:
        """Record the service's status of an open operation, for people. A closed row is not changed."""

    def stop_early(self, operation: Operation, decision: EarlyStop) -> EarlyStop | None:
        """Record the decision to stop the job; returns the first recorded decision.

        None if the row was closed in the meantime. A retried step keeps the decision.
        """

    def conclude(self, operation: Operation, outcome: OperationResult) -> OperationResult | None:
        """Record how the operation ended; returns the first recorded outcome.

        None if the row was closed in the meantime. A retried step keeps the outcome and repeats nothing.
        """

    def close(self, operation: Operation, *, at: int, error: str = "") -> None:
        """Mark a row whose token is finished as ENDED, with the time and the error's name.

        Closing twice is success. A row that has taken another token stays open, because a retried step waits
        for it.
        """

    def get(self, run_id: str, step: str) -> Operation | None:
        """The row of a step; None when there is none."""

    def open_steps(self) -> Iterable[tuple[str, str]]:
        """(run id, step) of every open row, from an eventually consistent index; `get` is consistent."""

    def of_run(self, run_id: str) -> Iterable[Operation]:
        """Every row of a run."""

    def request_stop(self, run_id: str) -> None:
        """Mark the run as stopped: its operations are stopped and new ones are not started."""

    def stop_requested(self, run_id: str) -> bool:
        """True after `request_stop` was called for the run."""

    def decide(self, run_id: str, *, approved: bool, by: str, comment: str) -> Mapping[str, Any]:
        """Record a person's decision on the run's open approval; returns the first recorded decision.

        UnknownRun if no approval is open and no decision was recorded.
        """

    def decision(self, run_id: str) -> Mapping[str, Any] | None:
        """{"approved", "by", "comment"} of the recorded decision; None before it."""


class TaskTokens(Protocol):
    """Task tokens of the workflow engine. A token that is already finished or unknown is success."""

    def succeed(self, token: str, result: Mapping[str, Any]) -> None:
        """Finish the state with `result`."""

    def fail(self, token: str, *, error: str, cause: str) -> None:
        """Fail the state with an error name of atelier/errors.py."""
