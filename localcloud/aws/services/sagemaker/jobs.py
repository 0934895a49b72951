"""Training jobs as records: their life, their shape in the API, and the file each is kept in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.aws.services.records import Records

TERMINAL = frozenset({"Completed", "Failed", "Stopped"})


@dataclass
class TrainingJob:
    """One job. `request` is the validated CreateTrainingJob request; times are seconds since the epoch."""

    arn: str
    account_id: str
    region: str
    request: dict[str, Any]
    tags: dict[str, str]
    created: float
    modified: float
    status: str = "InProgress"
    secondary_status: str = "Starting"
    transitions: list[dict[str, Any]] = field(default_factory=list)
    started: float | None = None
    ended: float | None = None
    failure_reason: str | None = None
    process_id: int | None = None

    @property
    def name(self) -> str:
        return str(self.request["TrainingJobName"])

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def model_artifacts(self) -> str:
        return f"{self.output_prefix}/model.tar.gz"

    @property
    def output_prefix(self) -> str:
        """Where SageMaker writes a job's archives: `<S3OutputPath>/<job>/output`."""
        return f"{self.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output"

    def description(self) -> dict[str, Any]:
        """The job in DescribeTrainingJob's shape."""
        request = {name: value for name, value in self.request.items() if name != "Tags"}
        described = {
            **request,
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": self.status,
            "SecondaryStatus": self.secondary_status,
            "ModelArtifacts": {"S3ModelArtifacts": self.model_artifacts},
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "SecondaryStatusTransitions": self.transitions,
            "ProfilingStatus": "Disabled",
        }
        if self.started is not None:
            described["TrainingStartTime"] = self.started
            seconds = math.ceil((self.ended or time.time()) - self.started)
            described |= {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}
        if self.ended is not None:
            described["TrainingEndTime"] = self.ended
        if self.failure_reason is not None:
            described["FailureReason"] = self.failure_reason
        return described

    def summary(self) -> dict[str, Any]:
        """The job in ListTrainingJobs' shape."""
        described = self.description()
        names = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime")
        return {
            name: described[name]
            for name in (*names, "TrainingJobStatus", "SecondaryStatus")
            if name in described
        }


class Jobs:
    """Every training job; every change is on disk before it is announced."""

    def __init__(self, folder: Path, changed: Callable[[TrainingJob], None]) -> None:
        self._records = Records(folder, TrainingJob)
        self._changed = changed

    def get(self, arn: str) -> TrainingJob | None:
        return self._records.get(arn)

    def all(self) -> list[TrainingJob]:
        return self._records.all()

    def add(self, job: TrainingJob) -> bool:
        """False when the name is taken."""
        with self._records.lock:
            if self._records.get(job.arn) is not None:
                return False
            self._enter(job, "Starting", "Starting the training job")
        self._changed(job)
        return True

    def remove(self, job: TrainingJob) -> None:
        self._records.remove(job.arn)

    def save(self, job: TrainingJob) -> None:
        self._records.put(job.arn, job)

    def advance(
        self, job: TrainingJob, secondary_status: str, message: str, *, status: str | None = None
    ) -> None:
        """Enter a secondary status, and perhaps a status. A job that has ended stays as it ended."""
        with self._records.lock:
            if job.is_terminal:
                return
            job.status = status or job.status
            if status in TERMINAL:
                job.ended = time.time()
            self._enter(job, secondary_status, message)
        self._changed(job)

    def _enter(self, job: TrainingJob, secondary_status: str, message: str) -> None:
        now = time.time()
        if job.transitions:
            job.transitions[-1]["EndTime"] = now
        job.transitions.append({"Status": secondary_status, "StartTime": now, "StatusMessage": message})
        if job.is_terminal:
            job.transitions[-1]["EndTime"] = now
        job.secondary_status, job.modified = secondary_status, now
        self._records.put(job.arn, job)
