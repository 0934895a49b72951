"""What events gain: from a job's end to the start of the next state, against a poll every five minutes.

A run of short training stages goes down the line in an embedded cloud of its own, whose schedule keeps real
time: what is prompt is the event. The reference is no measurement but a definition: a poll that knows nothing
of a job finds its end after half its interval on average.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

import yaml

from atelier import names
from benchmarks.result import Result
from cli.demo.demo import EXAMPLE, make_base_model, make_datasets
from cli.env.cdk import run_cdk
from cli.run.start import start_run
from client.connection import clients, connect
from client.pipeline import PipelineClient
from config.environments.local import LOCAL
from localcloud import control

POLL_SECONDS = 300.0
MOST_SECONDS = 2.0
STAGES = 5

DeployedPipeline = AbstractContextManager[PipelineClient]


def measure(*, stages: int = STAGES, deployed: Callable[[], DeployedPipeline] | None = None) -> Result:
    """Mean seconds over the run's jobs. `deployed` gives a line that is there already."""
    with (deployed or _deployed_pipeline)() as pipeline, tempfile.TemporaryDirectory() as folder:
        run_id = start_run(pipeline, _run_file(Path(folder), stages), now=datetime.now(UTC)).run_id
        # On a line that stands the schedule has called settle within the minute: it is no cold function.
        pipeline.reconcile_now(run_id)
        for progress in pipeline.follow(run_id):
            run = progress.execution
        if run.status != "ACCEPTED":
            raise SystemExit(f"run {run_id} ended as {run.status}: {run.cause}")
        latencies = list(_latencies(pipeline, run_id, stages, clients(LOCAL)("sagemaker")))
    return Result(
        name="job_end_latency",
        unit="s",
        ours=mean(latencies),
        reference=POLL_SECONDS / 2,
        better="lower",
        promise=f"every job's end is acted on within {MOST_SECONDS:.0f} s; "
        f"the slowest of {stages} took {max(latencies):.1f} s",
        kept=max(latencies) <= MOST_SECONDS,
    )


def _run_file(folder: Path, stages: int) -> Path:
    """A run of stages that are over in a few seconds each."""
    make_datasets()
    stage = {
        "technique": "sft",
        "train": str(EXAMPLE / "data" / "validation.jsonl"),
        "hyperparameters": {"max_epochs": 1},
    }
    file = folder / "run.yaml"
    file.write_text(
        yaml.safe_dump({"name": "job-end-latency", "base_model": "atelier-tiny", "stages": [stage] * stages})
    )
    return file


def _latencies(pipeline: PipelineClient, run_id: str, stages: int, sagemaker: Any) -> Iterator[float]:
    """Seconds from each job's end to the entry into the state that reads its result."""
    jobs = [
        sagemaker.describe_training_job(TrainingJobName=names.operation_name(run_id, names.stage_step(index)))
        for index in range(stages)
    ]
    entries = [visit for visit in pipeline.executions.visits(run_id) if visit.state == "ReadCheckpoint"]
    for job, visit in zip(jobs, entries, strict=True):
        yield (visit.entered_at - job["TrainingEndTime"]).total_seconds()


@contextmanager
def _deployed_pipeline() -> Iterator[PipelineClient]:
    """A line in an embedded cloud that lives as long as the measurement."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, ATELIER_HOME=folder):
        make_base_model(Path(folder) / "base-models" / "atelier-tiny")
        control.up(ATELIER_RATE_SCALE="1")
        try:
            if run_cdk(LOCAL, ["deploy", "--all"], quiet=True):
                raise SystemExit("cdk deploy failed")
            yield connect(LOCAL.name)
        finally:
            control.down()
