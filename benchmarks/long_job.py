"""Plays one run on a simulated clock, in the embedded cloud's Step Functions interpreter and on its Python.

Standard input: {"definition", "job_seconds": [seconds, …]}. Standard output: the state transitions of a run
with each job.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from ministack.services import stepfunctions as engine

from atelier.operations.model import Operation, Phase, Status
from atelier.operations.submit import submit
from atelier.operations.sweep import sweep
from atelier.registry import TRAINING_JOB
from benchmarks.operations import FakeLogs, FakeOperations

MINUTE = 60
DEADLINE = 28 * 24 * 60 * MINUTE
REPLIES: dict[str, dict[str, Any]] = {
    "validate_run": {
        "run": {},
        "recipes": [],
        "warnings": [],
        "stage_count": 1,
        "evaluations": [],
        "approval_required": False,
        "deployment_wanted": False,
    },
    "validate_datasets": {"datasets": [], "parts": []},
    "find_baseline": {"baseline": None, "checkpoint": None},
    "read_checkpoint": {"checkpoint": "s3://escrow/step_1", "stage_index": 0, "job_name": "job"},
    "decide_gate": {"passed": True, "rules": []},
    "register_model": {"record_uri": "s3://bucket/model.json"},
    "publish_report": {"report_uri": "s3://bucket/report", "subject": "done", "message": "done"},
}


@dataclass
class SimulatedJob:
    """Port `LongRunning`: a job that ends `seconds` after its start, on a clock that the schedule moves."""

    seconds: int
    ends_by_itself: bool = False
    now: int = 0
    started_at: int | None = None

    def submit(self, _operation: Operation) -> None:
        self.started_at = self.now

    def describe(self, _operation: Operation) -> Status:
        if self.started_at is None:
            return Status(Phase.ABSENT)
        if self.now < self.started_at + self.seconds:
            return Status(Phase.RUNNING)
        return Status(Phase.SUCCEEDED, result={"job_name": "job"})

    def stop(self, _operation: Operation) -> None:
        raise AssertionError("nothing asks this job to stop")


class EngineTokens:
    """Port `TaskTokens` on the interpreter itself."""

    def succeed(self, token: str, result: Any) -> None:
        engine._send_task_success({"taskToken": token, "output": json.dumps(result)})

    def fail(self, token: str, *, error: str, cause: str) -> None:
        engine._send_task_failure({"taskToken": token, "error": error, "cause": cause})


@dataclass
class Functions:
    """The workflow's functions: the one that submits is real, the others answer what a short run needs."""

    job: SimulatedJob
    operations: FakeOperations = field(default_factory=FakeOperations)

    def call(self, reference: str, payload: dict[str, Any]) -> dict[str, Any]:
        name = reference.rpartition(":")[2]
        if name == "release_run":
            raise RuntimeError(f"{payload['failure']['error']}: {payload['failure']['cause']}")
        if name != "submit_training_job":
            return REPLIES[name]
        operation = Operation(
            run_id=payload["run_id"],
            step="s0",
            kind=TRAINING_JOB,
            request={},
            token=payload["task_token"],
            recorded_at=self.job.now,
            deadline=self.job.now + DEADLINE,
        )
        submit(operation, operations=self.operations, service=self.job)
        self._schedule()
        return {}

    def _schedule(self) -> None:
        """Every minute, `settle` looks at what is open."""
        while open_steps := list(self.operations.open_steps()):
            self.job.now += MINUTE
            sweep(
                open_steps,
                operations=self.operations,
                service_of=lambda _kind: self.job,
                logs_of=lambda _: FakeLogs(),
                tokens=EngineTokens(),
                now=self.job.now,
            )


def transitions(machine: str, functions: Functions) -> int:
    """State transitions of one run: the states it entered."""
    engine._call_lambda = functions.call
    name = f"benchmark-{functions.job.seconds}"
    started = engine._start_execution(
        {"stateMachineArn": machine, "name": name, "input": json.dumps({"run_id": name, "run": {}})}
    )
    execution = engine._executions[json.loads(started[2])["executionArn"]]
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and thread.daemon:
            thread.join()
    if execution["status"] != "SUCCEEDED":
        raise SystemExit(f"the run ended as {execution['status']}: {execution.get('cause')}")
    return sum(event["type"].endswith("StateEntered") for event in execution["events"])


def main() -> None:
    """Play a run for each job and print how many transitions it took."""
    request = json.load(sys.stdin)
    engine._SERVICE_DISPATCH["arn:aws:states:::sns:publish"] = lambda _resource, _message: {"MessageId": "1"}
    made = engine._create_state_machine(
        {
            "name": "workflow",
            "definition": request["definition"],
            "roleArn": "arn:aws:iam::000000000000:role/workflow",
        }
    )
    machine = json.loads(made[2])["stateMachineArn"]
    runs = [Functions(SimulatedJob(seconds)) for seconds in request["job_seconds"]]
    json.dump([transitions(machine, functions) for functions in runs], sys.stdout)


if __name__ == "__main__":
    main()
