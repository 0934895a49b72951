"""An operation: one slow thing that a workflow state started and waits for by task token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from atelier import names
from atelier.operations.early_stopping import EarlyStop, StopPolicy

APPROVAL = "approval"
"""Kind of an operation that waits for a person. Other kinds are platforms and the steps of targets."""


class OperationState(StrEnum):
    """How far an operation came.

    RECORDED: the row exists, the call may not have happened. STARTED: the service accepted. ENDED: the
    token is finished.
    """

    RECORDED = "RECORDED"
    STARTED = "STARTED"
    ENDED = "ENDED"


@dataclass(frozen=True)
class OperationResult:
    """How an operation ended: with a result (JSON), or with a class name of atelier/errors.py and why."""

    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""

    def to_json(self) -> dict[str, Any]:
        """The form kept in the operations table."""
        return {"result": dict(self.result), "error": self.error, "cause": self.cause}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OperationResult:
        """Read it back."""
        return cls(**data)


@dataclass(frozen=True)
class Operation:
    """One row of the operations table.

    `kind` names the service that runs it: a platform, a step of a deployment target, or APPROVAL.
    `request` is the exact request for the service, so that `settle` can submit it when the submitting
    function died between writing the row and calling. `recorded_at`, `deadline` and `ended_at` are seconds
    since the epoch; `error` is the class name of atelier/errors.py that an ENDED operation failed its token
    with, empty when it succeeded. `stop_policy` says when to stop a training job early, `early_stop` is the
    decision to do so, on record before the job is stopped. `detail` is what the service said when `settle`
    looked last, for people. `outcome` is on record before anything is taken away that tells it.
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
        """Name of the side effect, unique per run and step."""
        return names.operation_name(self.run_id, self.step)


class Phase(StrEnum):
    """Where an operation stands at its service.

    ABSENT: the service does not know it. STOPPED: somebody asked it to stop; what it had by then is there.
    """

    ABSENT = "ABSENT"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class Status:
    """What a service says of an operation now.

    `result` is what the workflow's state returns when the phase is SUCCEEDED, or STOPPED as Atelier wanted
    (JSON). `error` is a class name of atelier/errors.py when it is FAILED, or STOPPED by somebody else,
    `cause` its message; while it is RUNNING, what it fails with should that last until its deadline.
    `detail` is for people, e.g. a secondary status. `is_stopping`: it runs, but somebody has asked it to
    stop. `leaves_something`: it has ended, and what it was made of is still there, to be taken away by
    `stop`.
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
        """True when nothing more will happen at the service."""
        return self.phase in (Phase.SUCCEEDED, Phase.STOPPED, Phase.FAILED)
