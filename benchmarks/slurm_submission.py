"""What is between a submission and RUNNING on Slurm: the queue, the agent and the fetching of inputs.

Short runs go down the line in an embedded cloud with real Slurm: from the bundle's arrival in the bucket
until Slurm says RUNNING. The reference is plain sbatch on the same Slurm between them: the tick of its clock.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from unittest.mock import patch

import yaml

from atelier import names
from benchmarks.processes import output_of
from benchmarks.result import Result
from cli.demo.demo import EXAMPLE, make_base_model, make_datasets
from cli.demo.open_weights import publish_open_weights
from cli.env.cdk import run_cdk
from cli.run.start import start_run
from client.connection import connect
from client.pipeline import PipelineClient
from config.environments.local import LOCAL
from localcloud import control
from localcloud.common.home import Home
from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.installation import Installation, find
from localcloud.slurm.setting import SlurmSetting

MOST_SECONDS = 3.0
RUNS = 3
PATIENCE_SECONDS = 120.0
# Small beside the second that is measured.
POLL_SECONDS = 0.02

DeployedLine = AbstractContextManager[tuple[PipelineClient, Home]]


@dataclass(frozen=True)
class Slurm:
    """The cluster's Slurm, queried as any user of the machine does."""

    installation: Installation
    configuration: Path

    def run(self, program: str, *words: str) -> str:
        command = [self.installation.program(program), *words]
        return output_of(command, environ={"SLURM_CONF": str(self.configuration)})

    def is_running(self, name: str) -> bool:
        return bool(self.run("squeue", "--noheader", "--states=RUNNING", f"--name={name}", "--format=%i"))


def measure(*, runs: int = RUNS, deployed: Callable[[], DeployedLine] | None = None) -> Result:
    """Mean seconds over the runs, and over as many jobs of plain sbatch. SlurmMissing where there is none.

    `deployed` gives a line with Slurm that is there already.
    """
    installation = find()
    with (deployed or _deployed_line)() as (pipeline, home), tempfile.TemporaryDirectory() as folder:
        (place,) = (path.parent for path in home.slurm.glob("*/controller"))
        slurm = Slurm(installation, SlurmCluster(place, installation).configuration)
        ours, plain = _measure(pipeline, home, slurm, Path(folder), runs)
    added = [mine - mean(plain) for mine in ours]
    return Result(
        name="slurm_submission",
        unit="s",
        ours=mean(ours),
        reference=mean(plain),
        better="lower",
        promise=f"submission to RUNNING adds at most {MOST_SECONDS:.0f} s to what Slurm needs; "
        f"the slowest of {runs} added {max(added):.1f} s",
        kept=max(added) <= MOST_SECONDS,
    )


def _measure(
    pipeline: PipelineClient, home: Home, slurm: Slurm, folder: Path, runs: int
) -> tuple[list[float], list[float]]:
    ours, plain = [], []
    for _ in range(runs):
        run_id = start_run(pipeline, _run_file(folder), now=datetime.now(UTC)).run_id
        job = names.operation_name(run_id, names.stage_step(0))
        bundle = (
            home.objects
            / LOCAL.account
            / pipeline.bucket
            / "slurm"
            / "open-weights"
            / "inbox"
            / f"{job}.json"
        )
        _wait(bundle.exists)
        arrived = bundle.stat().st_mtime
        _wait(lambda job=job: slurm.is_running(job))  # type: ignore[misc]
        ours.append(time.time() - arrived)
        for progress in pipeline.follow(run_id):
            run = progress.execution
        if run.status != "ACCEPTED":
            raise SystemExit(f"run {run_id} ended as {run.status}: {run.cause}")
        plain.append(_plain(slurm, folder))
    return ours, plain


def _plain(slurm: Slurm, folder: Path) -> float:
    """Seconds from sbatch to RUNNING."""
    script = folder / "plain.sh"
    script.write_text("#!/bin/bash\nsleep 600\n")
    started = time.time()
    job = slurm.run("sbatch", "--parsable", "--nodes=2", "--output=/dev/null", str(script)).strip()
    _wait(lambda: slurm.is_running("plain.sh"))
    seconds = time.time() - started
    slurm.run("scancel", job)
    return seconds


def _wait(is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_there():
        if time.monotonic() > deadline:
            raise SystemExit(f"slurm_submission: nothing within {PATIENCE_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _run_file(folder: Path) -> Path:
    """A run of one stage that is over in seconds."""
    document = yaml.safe_load((EXAMPLE / "sft-hyperpod-slurm.yaml").read_text())
    (stage,) = document["stages"]
    stage["train"] = str(EXAMPLE / stage.pop("validation"))
    stage["hyperparameters"]["max_epochs"] = 1
    file = folder / "run.yaml"
    kept = {"name": "slurm-submission", "base_model": document["base_model"], "stages": [stage]}
    file.write_text(yaml.safe_dump(kept))
    return file


@contextmanager
def _deployed_line() -> Iterator[tuple[PipelineClient, Home]]:
    """A line and its Slurm in an embedded cloud that lives as long as the measurement."""
    make_datasets()
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, ATELIER_HOME=folder):
        home = Home.from_environ()
        make_base_model(home.base_models / "atelier-tiny")
        SlurmSetting(home).enable()
        control.up()
        try:
            if run_cdk(LOCAL, ["deploy", "--all"], quiet=True):
                raise SystemExit("cdk deploy failed")
            pipeline = connect(LOCAL.name)
            publish_open_weights(pipeline, home.base_models / "atelier-tiny")
            yield pipeline, home
        finally:
            control.down()
