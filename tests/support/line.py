"""A line whose parts store: what the commands are tested against."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from atelier.errors import UnknownRun
from cli.chat.conversation import Deployed, Reply
from cli.exit_codes import ExitCode
from cli.failure import CommandFailed
from client.datasets import DatasetUploads
from client.executions import RUNNING, Execution, Executions, StateVisit
from client.pipeline import PipelineClient
from config.environments import LOCAL
from tests.support.objects import FakeObjects
from tests.support.operations import FakeLogs, FakeOperations

START = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
BUCKET = "atelier-local-artifacts"


@dataclass
class FakeExecutions:
    """Executions by run id; `script` is what each look at a run finds, in order, the last for good."""

    runs: dict[str, Execution] = field(default_factory=dict)
    script: list[Callable[[Execution], Execution]] = field(default_factory=list)
    state_visits: list[StateVisit] = field(default_factory=list)

    def start(self, run_id: str, run: Mapping[str, Any]) -> bool:
        if run_id in self.runs:
            if self.runs[run_id].run != run:
                raise CommandFailed(f"run {run_id!r} was started with another run file", ExitCode.INVALID)
            return False
        self.runs[run_id] = Execution(run_id, run, RUNNING, START)
        return True

    def get(self, run_id: str) -> Execution:
        if run_id not in self.runs:
            raise UnknownRun(f"no run {run_id!r}")
        if self.script:
            self.runs[run_id] = self.script.pop(0)(self.runs[run_id])
        return self.runs[run_id]

    def visits(self, run_id: str) -> list[StateVisit]:
        return self.state_visits

    def latest(self, count: int) -> list[Execution]:
        return sorted(self.runs.values(), key=lambda run: run.started_at, reverse=True)[:count]

    def latest_named(self, run_name: str) -> str | None:
        return max((run_id for run_id in self.runs if run_id.startswith(f"{run_name}-")), default=None)


def ends(status: str, *, error: str = "", cause: str = "") -> Callable[[Execution], Execution]:
    """A look that finds the run ended a minute after its start."""
    return lambda execution: replace(
        execution,
        status=status,
        ended_at=execution.started_at + timedelta(minutes=1),
        error=error,
        cause=cause,
    )


@dataclass
class FakeUploads:
    """Uploaded datasets: file name by address."""

    uploaded: dict[str, str] = field(default_factory=dict)

    def address(self, path: Path) -> str:
        return f"s3://{BUCKET}/datasets/0123456789abcdef/{path.name}"

    def upload(self, path: Path, uri: str) -> bool:
        is_new = uri not in self.uploaded
        self.uploaded[uri] = path.name
        return is_new


@dataclass
class FakeDeployed:
    """Deployed models by name: each answers with the next of its replies and keeps what it was asked."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[Mapping[str, Any]] = field(default_factory=list)

    def model_id(self, deployment: str) -> str:
        if deployment not in self.replies:
            raise CommandFailed(
                f"no deployment {deployment!r}; nothing is deployed yet", ExitCode.UNREACHABLE
            )
        return f"arn:aws:bedrock:us-east-1:000000000000:custom-model-deployment/{deployment}"

    def converse(self, model_id: str, request: Mapping[str, Any], *, on_text: Callable[[str], None]) -> Reply:
        self.requests.append(json.loads(json.dumps(request)))
        reply = self.replies[model_id.rpartition("/")[2]].pop(0)
        on_text(reply.text)
        return reply


@dataclass
class FakeLine:
    """The parts of a line, to look into after a command."""

    executions: FakeExecutions = field(default_factory=FakeExecutions)
    operations: FakeOperations = field(default_factory=FakeOperations)
    log_lines: dict[str, list[str]] = field(default_factory=dict)
    objects: FakeObjects = field(default_factory=FakeObjects)
    datasets: FakeUploads = field(default_factory=FakeUploads)
    deployed: FakeDeployed = field(default_factory=FakeDeployed)
    looked_at: list[str] = field(default_factory=list)

    def connect(self, _environment: str = "local") -> PipelineClient:
        """Stands for `client.connection.connect`."""
        return PipelineClient(
            environment=LOCAL,
            bucket=BUCKET,
            executions=cast("Executions", self.executions),
            operations=self.operations,
            logs_of=lambda _kind: FakeLogs(self.log_lines),
            objects=self.objects,
            datasets=cast("DatasetUploads", self.datasets),
            deployed=cast("Deployed", self.deployed),
            reconcile_now=self.looked_at.append,
            caller=lambda: "arn:aws:iam::000000000000:user/ada",
        )
