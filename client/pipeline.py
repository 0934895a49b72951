"""The deployed line as the commands see it, through the same ports and adapters as the Lambdas."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from atelier import names
from atelier.errors import UnknownRun
from atelier.operations.ports import JobLogs, Operations
from atelier.storage import Objects
from cli.chat.conversation import Deployed
from client.datasets import DatasetUploads
from client.executions import Executions
from config.model import Environment


@dataclass(frozen=True, kw_only=True)
class PipelineClient:
    """One environment's line.

    `logs_of` are the logs of a platform's jobs; `look_now(run_id)` makes `settle` look at the run before its
    schedule does.
    """

    environment: Environment
    bucket: str
    executions: Executions
    operations: Operations
    logs_of: Callable[[str], JobLogs]
    objects: Objects
    datasets: DatasetUploads
    deployed: Deployed
    reconcile_now: Callable[[str], None]
    caller: Callable[[], str]

    def uri(self, key: str) -> str:
        """Address of an object in the environment's bucket."""
        return f"s3://{self.bucket}/{key}"

    def run_id(self, run: str) -> str:
        """The run id that a person means: the id itself, or a run's name for its latest run."""
        if re.fullmatch(names.RUN_ID_PATTERN, run):
            return run
        latest = self.executions.latest_named(run)
        if latest is None:
            raise UnknownRun(f"no run {run!r} in {self.environment.name}: `atelier runs` lists them")
        return latest
