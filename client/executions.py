"""Runs as Step Functions knows them: an execution's name is the run's id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from atelier.errors import UnknownRun
from client.errors import InvalidRequest

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

RUNNING = "RUNNING"
FAILED = "FAILED"


@dataclass(frozen=True)
class Execution:
    """A run's execution. `status` is RUNNING or a run status; `error` and `cause` say why it FAILED."""

    run_id: str
    run: Mapping[str, Any]
    status: str
    started_at: datetime
    ended_at: datetime | None = None
    error: str = ""
    cause: str = ""

    @property
    def is_over(self) -> bool:
        return self.status != RUNNING


@dataclass(frozen=True)
class StateVisit:
    """One visit to a state of the workflow; `exited_at` is None while it lasts."""

    state: str
    entered_at: datetime
    exited_at: datetime | None = None


class Executions:
    """The workflow's executions."""

    def __init__(self, *, stepfunctions: SFNClient, state_machine_arn: str) -> None:
        self._stepfunctions = stepfunctions
        self._state_machine_arn = state_machine_arn

    def start(self, run_id: str, run: Mapping[str, Any]) -> bool:
        """Start a run; False when it was started before with the same run file.

        Step Functions itself accepts a repeated start only while the execution runs.
        InvalidRequest when the id belongs to a run of another file.
        """
        document = json.dumps({"run_id": run_id, "run": run}, sort_keys=True)
        if self._known(run_id, document):
            return False
        try:
            self._stepfunctions.start_execution(
                stateMachineArn=self._state_machine_arn, name=run_id, input=document
            )
        except self._stepfunctions.exceptions.ExecutionAlreadyExists:
            return not self._known(run_id, document)
        return True

    def get(self, run_id: str) -> Execution:
        """A run. UnknownRun when there is none."""
        found = self._describe(run_id)
        if found is None:
            raise UnknownRun(f"no run {run_id!r} in this environment: `atelier runs` lists them")
        return _execution(run_id, found)

    def visits(self, run_id: str) -> list[StateVisit]:
        """The states that the run has visited, in order. Short by design: no state of the workflow polls."""
        visits: list[StateVisit] = []
        for event in self._history(run_id):
            entered = event.get("stateEnteredEventDetails")
            left = event.get("stateExitedEventDetails")
            if entered:
                visits.append(StateVisit(entered["name"], event["timestamp"]))
            elif left:
                _close(visits, left["name"], event["timestamp"])
        return visits

    def latest(self, count: int) -> list[Execution]:
        """The newest runs, newest first."""
        found = nlargest(count, self._listed(), key=lambda execution: execution["startDate"])
        return [self.get(execution["name"]) for execution in found]

    def latest_named(self, run_name: str) -> str | None:
        """Id of the newest run of a run file's name."""
        prefix = f"{run_name}-"
        listed = (execution["name"] for execution in self._listed())
        return max(
            (name for name in listed if name.startswith(prefix) and name[len(prefix) :].isdigit()),
            default=None,
        )

    def _listed(self) -> Iterator[Mapping[str, Any]]:
        """Every execution. Step Functions lists ended ones by their end, not by their start."""
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=self._state_machine_arn
        )
        for page in pages:
            yield from page["executions"]

    def _history(self, run_id: str) -> Iterator[Mapping[str, Any]]:
        pages = self._stepfunctions.get_paginator("get_execution_history").paginate(
            executionArn=self._arn(run_id), includeExecutionData=False
        )
        for page in pages:
            yield from page["events"]

    def _known(self, run_id: str, document: str) -> bool:
        found = self._describe(run_id)
        if found is None:
            return False
        if json.loads(found["input"]) != json.loads(document):
            raise InvalidRequest(f"run {run_id!r} was started with another run file: choose another --run-id")
        return True

    def _describe(self, run_id: str) -> Mapping[str, Any] | None:
        try:
            return self._stepfunctions.describe_execution(executionArn=self._arn(run_id))
        except self._stepfunctions.exceptions.ExecutionDoesNotExist:
            return None

    def _arn(self, run_id: str) -> str:
        return self._state_machine_arn.replace(":stateMachine:", ":execution:") + f":{run_id}"


def _execution(run_id: str, found: Mapping[str, Any]) -> Execution:
    status = found["status"]
    output = json.loads(found.get("output") or "{}")
    return Execution(
        run_id=run_id,
        run=json.loads(found["input"])["run"],
        status=RUNNING if status == "RUNNING" else output.get("status", FAILED),
        started_at=found["startDate"],
        ended_at=found.get("stopDate"),
        error=found.get("error", "" if status in ("RUNNING", "SUCCEEDED") else status),
        cause=found.get("cause", ""),
    )


def _close(visits: list[StateVisit], state: str, at: datetime) -> None:
    for index, visit in enumerate(visits):
        if visit.state == state and visit.exited_at is None:
            visits[index] = StateVisit(state, visit.entered_at, at)
            return
