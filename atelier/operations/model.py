"""An operation: one slow call that a workflow state waits for with a task token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from atelier import names
from atelier.operations.early_stopping import EarlyStop, StopPolicy

APPROVAL = "approval"
"""The kind of an operation that waits for a person. Other kinds are platforms and steps of targets."""


class OperationState(StrEnum):
    """The progress of an operation.

    RECORDED: the row exists; the call may not have been made. STARTED: the service accepted the call.
    ENDED: the task token is finished.
    """

    RECORDED = "RECORDED"
    STARTED = "STARTED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class OperationResult:
    """How an operation ended: a result (JSON), or a class name of atelier/errors.py and a cause."""

    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form stored in the operations table."""
        return {"result": dict(self.result), "error": self.error, "cause": self.cause}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OperationResult:
        """The result that `to_json` wrote."""
        return cls(**data)


@dataclass(frozen=True)
class Operation:
    """One row of the operations table.

    `kind` names the service that runs it: a platform, a step of a deployment target, or APPROVAL.
    `request` is the exact request for the service, so `settle` can submit it if the submitting function died
    after it wrote the row. `recorded_at`, `deadline` and `ended_at` are seconds since the epoch. `error` is
    the class name of atelier/errors.py with which an ENDED operation failed its token; empty when it
    succeeded. `stop_policy` is the early stopping policy of a training job; `early_stop` is the decision to
    stop, recorded before the job is stopped. `detail` is the service's last status, for people. `outcome` is
    recorded before `settle` deletes the objects from which it was read.
    """

    run_id: str
    step: str
    kind: str
    request: Mapping[str, Any]
    token: str = field(repr=False)
    recorded_at: int
    deadline: int
    state: OperationState = OperationState.RECORDED
    ended_at: int | None = None
    error: str = ""
    stop_policy: StopPolicy | None = None
    early_stop: EarlyStop | None = None
    detail: str = ""
    outcome: OperationResult | None = None

    @property
    def name(self) -> str:
        """The operation's name at its service, unique per run and step."""
        return names.operation_name(self.run_id, self.step)


class Phase(StrEnum):
    """The state of an operation at its service.

    ABSENT: the service does not know it. STOPPED: it was stopped on request; its output so far exists.
    """

    ABSENT = "ABSENT"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Status:
    """The current status of an operation at its service.

    `result` (JSON) is the result of the workflow's state when the phase is SUCCEEDED, or STOPPED by Atelier.
    `error` is a class name of atelier/errors.py and `cause` its message: why the operation FAILED or was
    STOPPED by someone else, or how it will fail if it is still RUNNING at its deadline. `detail` is for
    people, e.g. a secondary status. `is_stopping`: it is RUNNING, but a stop was requested.
    `leaves_something`: it has ended, and its objects still exist until `stop` deletes them.
    """

    phase: Phase
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""
    detail: str = ""
    is_stopping: bool = False
    leaves_something: bool = False

    @property
    def is_terminal(self) -> bool:
        """True when the phase is final."""
        return self.phase in (Phase.SUCCEEDED, Phase.STOPPED, Phase.FAILED)
