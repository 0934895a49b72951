"""What the domain asks of the world. Adapters in lambdas/adapters implement these; tests use fakes that store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from atelier.operations.model import Operation, Status


class LongRunning(Protocol):
    """A service that starts something slow under a name of ours, and can be asked how it stands."""

    def submit(self, operation: Operation) -> None:
        """Start the operation, or find it: "already exists" under the same name is success."""

    def describe(self, operation: Operation) -> Status:
        """The service's truth about the operation now; phase ABSENT when the service does not know it."""

    def stop(self, operation: Operation) -> None:
        """Ask the service to stop it; stopping what has ended or never was is success."""


class TrainingJobs(LongRunning, Protocol):
    """Jobs that train or evaluate on one platform."""

    def logs(self, job_name: str) -> Iterable[str]:
        """The job's log lines so far, oldest first; none when there is no log yet."""


class Operations(Protocol):
    """The operations table."""

    def record(self, operation: Operation) -> Operation:
        """Write the row before the call. An existing row keeps its state unless ENDED, takes the new token; returns what now stands."""

    def mark_started(self, operation: Operation) -> None:
        """The service accepted."""

    def close(self, operation: Operation) -> None:
        """The token is finished: the row leaves the open index. Closing twice is success."""

    def get(self, run_id: str, step: str) -> Operation | None:
        """One row."""

    def open_operations(self) -> Iterable[Operation]:
        """Every row not ENDED (an eventually consistent index)."""

    def of_run(self, run_id: str) -> Iterable[Operation]:
        """Every row of a run, consistently."""

    def request_stop(self, run_id: str) -> None:
        """Leave the marker that makes the run's operations stop and new ones refuse to start."""

    def stop_requested(self, run_id: str) -> bool:
        """True once `request_stop` was called for the run."""

    def decide(self, run_id: str, *, approved: bool, by: str, comment: str) -> None:
        """Record a person's decision on the run's open approval; the first decision stands. UnknownRun when none is open."""

    def decision(self, run_id: str) -> Mapping[str, Any] | None:
        """{"approved", "by", "comment"} once a person decided."""


class TaskTokens(Protocol):
    """The workflow engine's side of an operation. A token that is already finished, or whose run is gone, is success."""

    def succeed(self, token: str, result: Mapping[str, Any]) -> None:
        """Finish the state with `result`."""

    def fail(self, token: str, *, error: str, cause: str) -> None:
        """Fail the state with an error name of atelier/errors.py."""


class Objects(Protocol):
    """Objects by s3:// URI."""

    def read(self, uri: str) -> bytes:
        """The whole object. FileNotFoundError when there is none."""

    def lines(self, uri: str) -> Iterable[bytes]:
        """The object's lines, streamed. FileNotFoundError when there is none."""

    def write(self, uri: str, body: bytes, *, content_type: str) -> None:
        """Create or replace the object."""

    def exists(self, uri: str) -> bool:
        """True when the object is there."""


class Deployments(Protocol):
    """What serves: stable deployments, and the models behind them (Bedrock on-demand)."""

    def serving_model(self, deployment_name: str) -> Mapping[str, Any] | None:
        """{"model_arn", "model_name"} behind a deployment; None when there is no such deployment."""

    def update(self, deployment_name: str, model_arn: str) -> None:
        """Point a deployment at another model."""

    def delete_deployment(self, deployment_name: str) -> bool:
        """Delete a deployment; False when there was none."""

    def delete_model(self, model_name: str) -> bool:
        """Delete a custom model; False when there was none; StillInUse while something serves it."""

    def converse(self, deployment_arn: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """One Converse call: `request` and the answer in Converse's shape."""
