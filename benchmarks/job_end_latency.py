"""What events gain: from a job's end to the start of the next state, against a poll every five minutes.

One run of the example goes down the line in an embedded cloud of its own; its training and evaluation jobs
count. A poll that knows nothing of the job finds its end after half its interval on average.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

from atelier.operations.model import Kind
from benchmarks.result import Result
from cli.cdk import run_cdk
from cli.connection import clients, connect
from cli.demo import RUN_FILE, make_base_model, make_datasets
from cli.line import Line
from cli.observing import Observer
from cli.starting import start_run
from config.environments import LOCAL
from localcloud import control

POLL_SECONDS = 300.0
MOST_SECONDS = 2.0
NEXT_STATES = {"s": "ReadCheckpoint", "e": "ReadMetrics"}


def measure() -> Result:
    """Mean seconds over the run's jobs."""
    with _deployed_line() as line:
        make_datasets()
        run_id = start_run(line, RUN_FILE, now=datetime.now(UTC)).run_id
        for progress in Observer(line, run_id).until_over():
            status = progress.execution.status
        if status != "PROMOTED":
            raise SystemExit(f"run {run_id} ended as {status}: {progress.execution.cause}")
        latencies = list(_latencies(line, run_id, clients(LOCAL)("sagemaker")))
    return Result(
        name="job_end_latency",
        unit="s",
        ours=mean(latencies),
        reference=POLL_SECONDS / 2,
        better="lower",
        promise=f"every job's end is acted on within {MOST_SECONDS:.0f} s",
        kept=max(latencies) <= MOST_SECONDS,
    )


def _latencies(line: Line, run_id: str, sagemaker: Any) -> Iterator[float]:
    """Seconds from each job's end to the entry into the state that reads its result, in the order of both."""
    jobs = [row for row in line.operations.of_run(run_id) if row.kind is Kind.TRAINING_JOB]
    visits = line.executions.visits(run_id)
    for prefix, state in NEXT_STATES.items():
        ends = sorted(
            sagemaker.describe_training_job(TrainingJobName=row.name)["TrainingEndTime"]
            for row in jobs
            if row.step.startswith(prefix)
        )
        entries = sorted(visit.entered_at for visit in visits if visit.state == state)
        for end, entry in zip(ends, entries, strict=True):
            yield (entry - end).total_seconds()


@contextmanager
def _deployed_line() -> Iterator[Line]:
    """A line in an embedded cloud that lives as long as the measurement."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, ATELIER_HOME=folder):
        make_base_model(Path(folder) / "base-models" / "atelier-tiny")
        control.up()
        try:
            if run_cdk(LOCAL, ["deploy", "--all"], quiet=True):
                raise SystemExit("cdk deploy failed")
            yield connect(LOCAL.name)
        finally:
            control.down()
