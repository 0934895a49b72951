"""The client of one environment's pipeline, on the ports and adapters that its functions use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from atelier import names
from atelier.errors import UnknownRun
from atelier.operations.ports import JobLogs, Operations
from atelier.storage import Objects
from client.datasets import DatasetUploads
from client.deployed import Deployed
from client.deployments import DeploymentList
from client.errors import ClientFailed, NotReachable
from client.executions import Executions
from client.observe import Observer
from client.progress import Progress
from client.start import PreparedRun, prepare_run
from config.model import Environment


@dataclass(frozen=True)
class RunReport:
    """A run's report: `document` is report.json, `page` the HTML, `uri` the page's address in the bucket."""

    document: Mapping[str, Any]
    page: bytes
    uri: str


@dataclass(frozen=True, kw_only=True)
class PipelineClient:
    """One environment's pipeline.

    `logs_of` are the logs of a platform's jobs; `reconcile_now(run_id)` makes `settle` look at the run before
    its schedule does; `caller()` is the caller's ARN.
    """

    environment: Environment
    bucket: str
    executions: Executions
    operations: Operations
    logs_of: Callable[[str], JobLogs]
    objects: Objects
    datasets: DatasetUploads
    deployed: Deployed
    deployments: DeploymentList
    reconcile_now: Callable[[str], None]
    caller: Callable[[], str]

    def uri(self, key: str) -> str:
        """Address of an object in the environment's bucket."""
        return f"s3://{self.bucket}/{key}"

    def run_id(self, run: str) -> str:
        """The run id for a run's id or name; a name stands for its latest run."""
        if re.fullmatch(names.RUN_ID_PATTERN, run):
            return run
        latest = self.executions.latest_named(run)
        if latest is None:
            raise UnknownRun(f"no run {run!r} in {self.environment.name}: `atelier runs` lists them")
        return latest

    def prepare(self, file: Path, *, now: datetime, run_id: str | None = None) -> PreparedRun:
        """Check a run file, with its local datasets beside it; its `start()` uploads them and starts the run.

        InvalidRequest when the file is not YAML; InvalidRun or UnsupportedCombination list every problem.
        """
        return prepare_run(
            file,
            environment=self.environment,
            bucket=self.bucket,
            objects=self.objects,
            datasets=self.datasets,
            executions=self.executions,
            now=now,
            run_id=run_id,
        )

    def follow(self, run_id: str) -> Iterator[Progress]:
        """Snapshots of the run's progress until it is over. UnknownRun when there is none."""
        return self.observer(run_id).until_over()

    def observer(self, run_id: str) -> Observer:
        """Snapshots of one run's progress."""
        return Observer(
            run_id,
            executions=self.executions,
            operations=self.operations,
            logs_of=self.logs_of,
            environment=self.environment,
        )

    def stop(self, run_id: str) -> None:
        """Request that a run stops; it ends as FAILED with RunStopped. ClientFailed when it is over."""
        execution = self.executions.get(run_id)
        if execution.is_over:
            raise ClientFailed(f"{run_id} is over: {execution.status}")
        self.operations.request_stop(run_id)
        self.reconcile_now(run_id)

    def decide(self, run_id: str, *, approved: bool, comment: str = "") -> Mapping[str, Any]:
        """Approve or reject a run that waits for approval: `{approved, by, comment}` as recorded.

        ClientFailed when the opposite was decided before, UnknownRun when no approval is open.
        """
        decision = self.operations.decide(run_id, approved=approved, by=self.caller(), comment=comment)
        if decision["approved"] != approved:
            before = "approved" if decision["approved"] else "rejected"
            raise ClientFailed(f"{run_id} was {before} before, by {decision['by']}")
        self.reconcile_now(run_id)
        return decision

    def report(self, run_id: str) -> RunReport:
        """The report of a run that is over. NotReachable when there is none yet, UnknownRun for no run."""
        uri = self.uri(names.report_key(run_id, "index.html"))
        try:
            page = self.objects.read(uri)
            document = json.loads(self.objects.read(self.uri(names.report_key(run_id, "report.json"))))
        except FileNotFoundError as error:
            execution = self.executions.get(run_id)
            ended = f"ended as {execution.status} without a report"
            raise NotReachable(f"{run_id} {ended if execution.is_over else 'is still running'}") from error
        return RunReport(document, page, uri)
