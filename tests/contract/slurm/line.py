"""The pipeline's adapter on one side, Slurm on the other, and the agent as a process between them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from atelier.operations.model import Status
from atelier.platforms.slurm.job import SlurmJob
from lambdas.adapters.slurm_training_jobs import SlurmTrainingJobs
from localcloud.common.home import REPOSITORY
from localcloud.slurm.cluster import SlurmCluster as Slurm
from tests.contract.slurm.agent_process import DIED
from tests.support import slurm_jobs
from tests.support.folder_cloud import FolderS3, FolderSqs
from tests.support.runs import BUCKET

PROGRAM = Path(__file__).with_name("program.sh")
WAYS = ("succeed", "fail", "wait", "resume")
PATIENCE_SECONDS = 60.0

T = TypeVar("T")


class Line:
    """A line in a folder of its own on a Slurm that others use too."""

    def __init__(self, folder: Path, slurm: Slurm, number: int) -> None:
        self.slurm = slurm
        self.shared = folder / "fsx"
        self.s3 = FolderS3(folder / "cloud")
        self.sqs = FolderSqs(folder / "cloud" / "queues")
        self.log = folder / "agent.log"
        self._folder = folder
        self._number = number * 100
        self.cluster = replace(slurm_jobs.CLUSTER, shared_folder=str(self.shared), linked=())
        self.jobs = SlurmTrainingJobs(
            clusters={self.cluster.name: self.cluster},
            bucket=BUCKET,
            s3=self.s3,  # type: ignore[arg-type]
            sqs=self.sqs,  # type: ignore[arg-type]
            now=lambda: int(time.time()),
        )
        slurm_jobs.put_inputs(self.s3)
        for how in WAYS:
            self.s3.put_object(Bucket=BUCKET, Key=f"datasets/{how}/train.jsonl", Body=f"{how}\n".encode())
        config = slurm_jobs.a_config(
            str(self.shared),
            runtime="process",
            auto_resume=False,
            programs={slurm_jobs.a_job().image: ["bash", str(PROGRAM)]},
            poll_seconds=1,
            look_seconds=0.1,
            inbox_seconds=1,
            heartbeat_seconds=1,
            log_seconds=0.5,
            checkpoint_seconds=60,
        )
        told = {name: value for name, value in asdict(config).items() if value != ""}
        (folder / "agent.json").write_text(json.dumps(told))
        self._agent: subprocess.Popen[bytes] | None = None

    def job(self, how: str, *, nodes: int = 1) -> SlurmJob:
        """A job of a run of its own, whose program goes as its data say."""
        self._number += 1
        return slurm_jobs.a_job(
            slurm_jobs.a_recipe(replicas=nodes),
            run_id=f"tool-calling-2026112314{self._number:04}",
            cluster=self.cluster,
            data_s3_path=f"s3://{BUCKET}/datasets/{how}/train.jsonl",
        )

    def submit(self, how: str, *, nodes: int = 1) -> SlurmJob:
        """A job that was submitted."""
        job = self.job(how, nodes=nodes)
        self.jobs.submit(slurm_jobs.an_operation(job))
        return job

    def describe(self, job: SlurmJob) -> Status:
        return self.jobs.describe(slurm_jobs.an_operation(job))

    def stop(self, job: SlurmJob) -> None:
        self.jobs.stop(slurm_jobs.an_operation(job))

    def told(self, job: SlurmJob) -> dict[str, Any]:
        """The job's status object, empty before there is one."""
        return slurm_jobs.told(self.s3, job.name) or {}

    def wait_for(self, job: SlurmJob, *states: str) -> dict[str, Any]:
        """The job's status object once it says one of these states."""
        return self.eventually(lambda: self.told(job), lambda told: told.get("state") in states)

    def eventually(self, look: Callable[[], T], is_there: Callable[[T], bool] = bool) -> T:
        """What `look` sees once it is there; what the agent logged when it never is."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there(seen := look()):
            assert time.monotonic() < deadline, f"last seen: {seen}\n{self.log.read_text()}"
            time.sleep(0.02)
        return seen

    def in_slurm(self, job: SlurmJob) -> list[str]:
        """Slurm's ids of every job that is or was this one."""
        return self.slurm.command(
            "squeue", "--noheader", "--states=all", f"--name={job.name}", "--format=%i"
        ).split()

    def output(self, job: SlurmJob) -> set[str]:
        """Names of the files that came into the bucket."""
        folder = self.s3.path(BUCKET, job.output_s3_uri.removeprefix(f"s3://{BUCKET}/"))
        return {path.name for path in folder.rglob("*")}

    def release(self, job: SlurmJob) -> None:
        """Let a job that waits go on."""
        (Path(job.folder) / "go").touch()

    def start_agent(self, *, die_at: str = "") -> None:
        """Start the agent's process, which may be made to die at a point."""
        with self.log.open("ab") as log:
            self._agent = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.contract.slurm.agent_process"),
                    *(str(self._folder / "agent.json"), str(self._folder / "cloud")),
                    *([die_at] if die_at else []),
                ],
                cwd=REPOSITORY,
                env=self.slurm.environ(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_agent_dies(self) -> None:
        """Until the point at which it was made to die."""
        assert self._agent is not None
        code = self._agent.wait(timeout=30)
        assert code == DIED, self.log.read_text()
        self._agent = None

    def kill_agent(self) -> None:
        if self._agent is not None:
            self._agent.kill()
            self._agent.wait()
            self._agent = None

    def end_agent(self) -> int:
        """SIGTERM; its exit code."""
        assert self._agent is not None
        self._agent.terminate()
        code = self._agent.wait(timeout=10)
        self._agent = None
        return code
