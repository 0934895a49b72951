"""How far a run is: pure, from what Step Functions, the operations table and the jobs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from atelier import names
from atelier.operations.model import APPROVAL, Operation, OperationState
from atelier.platforms.registry import is_job
from atelier.targets.registry import target_named, target_of_kind
from client.executions import FAILED, Execution, StateVisit

VALIDATING = ("ValidateRun", "ValidateDatasets", "ValidateDatasetParts", "MergeFindings", "FindBaseline")


class StepState(StrEnum):
    """Where a step of the run stands. SKIPPED: the run is over and never came to it."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class JobView:
    """A job for people: its service's last status, the loss of each logged step, the last figures."""

    detail: str = ""
    losses: tuple[float, ...] = ()
    figures: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Step:
    """One line of the progress view."""

    title: str
    state: StepState
    seconds: float | None = None
    job: JobView = JobView()


@dataclass(frozen=True)
class Progress:
    """A run at one moment."""

    execution: Execution
    steps: tuple[Step, ...]
    waiting_for: str
    seconds: float


def progress(
    execution: Execution,
    visits: Sequence[StateVisit],
    operations: Sequence[Operation],
    jobs: Mapping[str, JobView],
    *,
    environment: str,
    now: datetime,
) -> Progress:
    """The run's steps in the order in which it takes them; `jobs` by job name."""
    rows = {operation.step: operation for operation in operations}
    view = _View(execution, visits, rows, jobs, now)
    return Progress(
        execution=execution,
        steps=tuple(view.steps()),
        waiting_for="" if execution.is_over else _waiting_for(visits, operations, environment),
        seconds=((execution.ended_at or now) - execution.started_at).total_seconds(),
    )


@dataclass(frozen=True)
class _View:
    execution: Execution
    visits: Sequence[StateVisit]
    rows: Mapping[str, Operation]
    jobs: Mapping[str, JobView]
    now: datetime

    def steps(self) -> list[Step]:
        run = self.execution.run
        steps = [self._states("validate", *VALIDATING)]
        for index, stage in enumerate(run.get("stages", ())):
            title = f"train {index + 1}: {stage.get('technique')} {stage.get('adaptation', 'lora')}"
            if stage.get("cluster"):
                title += f" on {stage['cluster']}"
            steps.append(self._operation(title, names.stage_step(index)))
        for index, evaluation in enumerate(run.get("evaluation", ())):
            for subject in ("candidate", "baseline"):
                title = f"evaluate {evaluation.get('task')}: {subject}"
                steps.append(self._operation(title, names.evaluation_step(index, subject)))
        if run.get("gate"):
            steps.append(self._states("gate", "DecideGate"))
        if run.get("approval") == "required":
            steps.append(self._operation("approval", names.APPROVAL))
        if run.get("deployment"):
            steps += [
                self._operation("create model", names.CUSTOM_MODEL),
                self._operation("deploy candidate", names.DEPLOYMENT),
                self._states("smoke test", "SmokeTest"),
                self._operation(f"promote to {run['deployment'].get('name')}", names.PROMOTION),
            ]
        released = [
            self._states(title, state)
            for title, state in (("roll back", "RollBack"), ("release", "ReleaseRun"))
            if self._visited(state)
        ]
        return [*steps, *released, self._states("report", "PublishReport")]

    def _operation(self, title: str, step: str) -> Step:
        operation = self.rows.get(step)
        if operation is None:
            return Step(title, self._not_reached())
        job = self.jobs.get(operation.name, JobView())
        ended = (
            datetime.fromtimestamp(operation.ended_at, UTC) if operation.ended_at is not None else self.now
        )
        seconds = (ended - datetime.fromtimestamp(operation.recorded_at, UTC)).total_seconds()
        if operation.state is not OperationState.ENDED:
            state = StepState.FAILED if self.execution.is_over else StepState.RUNNING
        else:
            state = StepState.FAILED if operation.error else StepState.DONE
        return Step(title, state, seconds=max(0.0, seconds), job=job)

    def _states(self, title: str, *states: str) -> Step:
        visits = [visit for visit in self.visits if visit.state in states]
        if not visits:
            return Step(title, self._not_reached())
        last = visits[-1]
        ended = last.exited_at or self.execution.ended_at or self.now
        seconds = (ended - visits[0].entered_at).total_seconds()
        if last.exited_at is None:
            return Step(title, StepState.FAILED if self.execution.is_over else StepState.RUNNING, seconds)
        return Step(title, StepState.FAILED if self._was_caught(last) else StepState.DONE, seconds)

    def _was_caught(self, visit: StateVisit) -> bool:
        """True when the state's Catch led to ReleaseRun; a state exits by its Catch as by its result."""
        following = self.visits[self.visits.index(visit) + 1 :]
        return bool(following) and following[0].state == "ReleaseRun"

    def _visited(self, state: str) -> bool:
        return any(visit.state == state for visit in self.visits)

    def _not_reached(self) -> StepState:
        return StepState.SKIPPED if self.execution.is_over else StepState.PENDING


def _waiting_for(visits: Sequence[StateVisit], operations: Sequence[Operation], environment: str) -> str:
    waiting = [operation for operation in operations if operation.state is not OperationState.ENDED]
    if waiting:
        return "; ".join(_awaited(operation, environment) for operation in waiting)
    inside = [visit.state for visit in visits if visit.exited_at is None]
    return inside[-1] if inside else "Step Functions"


def _awaited(operation: Operation, environment: str) -> str:
    if is_job(operation.kind):
        cluster = operation.request.get("cluster")
        return f"job {operation.name}{f' on cluster {cluster}' if cluster else ''}"
    if operation.kind == APPROVAL:
        return f"a person: `atelier approve {operation.run_id} --env {environment}`, or `reject`"
    target = target_of_kind(operation.kind)
    detail = f" ({operation.detail})" if operation.detail else ""
    return f"{target_named(target).awaited[operation.kind] if target else operation.kind}{detail}"


def failure_of(execution: Execution) -> str:
    """Why a FAILED run failed, as one line; empty for any other."""
    if execution.status != FAILED:
        return ""
    return f"{execution.error}: {execution.cause}" if execution.cause else execution.error
