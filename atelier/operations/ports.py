"""Ports of operations: the services, the table and the task tokens. Adapters are in lambdas/adapters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from atelier.operations.early_stopping import EarlyStop
from atelier.operations.model import Operation, OperationResult, Status


class LongRunning(Protocol):
    """A service that starts something slow under a name of ours and reports its state."""

    ends_by_itself: bool
    """True where what runs ends by limits of its own, so that an operation may be closed at its deadline even
    when the service cannot be reached."""

    def submit(self, operation: Operation) -> None:
        """Start the operation, or find it: "already exists" under the same name is success."""

    def describe(self, operation: Operation) -> Status:
        """The service's truth about the operation now; phase ABSENT when the service does not know it."""

    def stop(self, operation: Operation) -> None:
        """Ask the service to stop it; stopping what has ended or never was is success."""


class JobLogs(Protocol):
    """What training jobs log."""

    def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
        """The job's log lines so far, oldest first; none when there is no log yet.

        With `containing` only the lines that have one of these texts.
        """


class TrainingJobs(LongRunning, JobLogs, Protocol):
    """Jobs that train or evaluate on one platform."""


class Operations(Protocol):
    """The operations table. Every read but `open_steps` is consistent."""

    def record(self, operation: Operation) -> Operation:
        """Write the row before the call; returns what now stands.

        An existing row takes the new token and keeps everything else, so that a retried step finds what it
        started with; one that had ENDED is open again, RECORDED, with the new deadline.
        """

    def restate(self, operation: Operation, request: Mapping[str, Any]) -> bool:
        """Replace the request of a row before its call. False when it was accepted or closed meanwhile."""

    def mark_started(self, operation: Operation) -> bool:
        """The service accepted. False when the row was closed meanwhile: nobody waits for it."""

    def note(self, operation: Operation, detail: str) -> None:
        """What the service says of an open operation now, for people to read; not on one that was closed."""

    def stop_early(self, operation: Operation, decision: EarlyStop) -> EarlyStop | None:
        """Record the decision to stop the job; returns the one that stands: the first.

        None when the row was closed meanwhile: nobody waits for the job. A retried step keeps the decision.
        """

    def conclude(self, operation: Operation, outcome: OperationResult) -> OperationResult | None:
        """Record how the operation ended; returns the outcome that stands: the first.

        None when the row was closed meanwhile. A retried step keeps the outcome: nothing is done again.
        """

    def close(self, operation: Operation, *, at: int, error: str = "") -> None:
        """The token is finished: the row leaves the open index, with the time and the error's name.

        Closing twice is success; a row that has taken another token since stays open: a retried step waits
        on it.
        """

    def get(self, run_id: str, step: str) -> Operation | None:
        """One row."""

    def open_steps(self) -> Iterable[tuple[str, str]]:
        """(run id, step) of every row not ENDED, from an eventually consistent index: `get` has the truth."""

    def of_run(self, run_id: str) -> Iterable[Operation]:
        """Every row of a run."""

    def request_stop(self, run_id: str) -> None:
        """Leave the marker that makes the run's operations stop and new ones refuse to start."""

    def stop_requested(self, run_id: str) -> bool:
        """True once `request_stop` was called for the run."""

    def decide(self, run_id: str, *, approved: bool, by: str, comment: str) -> Mapping[str, Any]:
        """Record a person's decision on the run's open approval; returns the one that stands: the first.

        UnknownRun when no approval is open and nobody has decided.
        """

    def decision(self, run_id: str) -> Mapping[str, Any] | None:
        """{"approved", "by", "comment"} once a person decided."""


class TaskTokens(Protocol):
    """The workflow engine's side of an operation. A token that is finished, or gone, is success."""

    def succeed(self, token: str, result: Mapping[str, Any]) -> None:
        """Finish the state with `result`."""

    def fail(self, token: str, *, error: str, cause: str) -> None:
        """Fail the state with an error name of atelier/errors.py."""
