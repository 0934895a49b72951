"""Slurm's commands: what the agent asks of the controller, and how it reads the answers.

Every command gets a list of arguments: no shell. Its environment, which sbatch hands on to the job, is the
agent's without credentials and without what would change the commands' own meaning. Output is read by fixed
widths (`squeue -O`), never by JSON, whose shape changes between versions.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMENT = "atelier:"
PENDING, COMPLETED, CANCELLED, FAILED = "PENDING", "COMPLETED", "CANCELLED", "FAILED"
ENDED_STATES = frozenset(
    {
        COMPLETED,
        CANCELLED,
        FAILED,
        *("BOOT_FAIL", "DEADLINE", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "TIMEOUT"),
    }
)
_COMMAND_SECONDS = 60
_COMMANDS_AT_ONCE = 4
_DROPPED = ("AWS_", "SACCT_", "SBATCH_", "SCANCEL_", "SCONTROL_", "SQUEUE_", "SRUN_")
# What sbatch says when it could not ask; after any other answer the job will never be taken.
_PASSING = re.compile(
    r"unable to contact slurm|socket timed out|temporarily unable|connection (refused|timed out)|"
    r"resource temporarily unavailable|communication (connection )?failure|zero bytes|backup controller|"
    r"unable to establish controller|slurmdbd? .*not available|job queue limit",
    re.IGNORECASE,
)
# Of these, what says that Slurm never heard of the job; after the others it may have it yet.
_UNHEARD = re.compile(
    r"connect failure|unable to establish controller|temporarily unable|connection refused|job queue limit",
    re.IGNORECASE,
)
_COLUMNS = {
    "JobID": 24,
    "State": 24,
    "Reason": 120,
    "exit_code": 16,
    "RestartCnt": 12,
    "SubmitTime": 24,
    "StartTime": 24,
    "EndTime": 24,
    "Comment": 120,
    "NodeList": 2000,
}
_SACCT_COLUMNS = ("State", "ExitCode", "Submit", "Start", "End", "NodeList")


class SlurmDown(Exception):
    """Slurm does not answer now; it may later."""


class SubmissionUnheard(SlurmDown):
    """Slurm does not answer now, and does not have the job."""


class SubmissionRefused(Exception):
    """Slurm will not take the job; the message is its own."""


@dataclass(frozen=True)
class Seen:
    """A job as Slurm tells it; times in seconds since the epoch, None before they are."""

    job_id: str
    state: str
    reason: str = ""
    exit_code: int = 0
    signal: int = 0
    restarts: int = 0
    nodes: str = ""
    submitted_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None

    @property
    def has_ended(self) -> bool:
        """True when Slurm will not run it again."""
        return self.state in ENDED_STATES


Listing = Sequence[tuple[str, Seen]]
"""Jobs in the order of their submission, each behind the pipeline's name for it: more than one may have it
where sbatch timed out and Slurm took the job after all."""


def find(job: str, listing: Listing, *, job_id: str = "") -> Seen | None:
    """The job by Slurm's number, or the newest of its name while none is known."""
    found = [seen for name, seen in listing if name == job and job_id in ("", seen.job_id)]
    return found[-1] if found else None


Run = Callable[[Sequence[str], Mapping[str, str]], "subprocess.CompletedProcess[str]"]


def run_command(arguments: Sequence[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one of Slurm's commands."""
    return subprocess.run(
        list(arguments),
        env=dict(environ),
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_COMMAND_SECONDS,
        check=False,
    )


class Slurm:
    """The controller's commands, as the user that the agent runs as."""

    def __init__(self, *, run: Run = run_command, environ: Mapping[str, str] | None = None) -> None:
        self._run = run
        own = os.environ if environ is None else environ
        self._environ = {name: value for name, value in own.items() if not name.startswith(_DROPPED)}
        self._environ["SLURM_TIME_FORMAT"] = "%s"
        self._slots = threading.BoundedSemaphore(_COMMANDS_AT_ONCE)

    def submit(self, script: Path) -> str:
        """Slurm's id of the job that now waits for nodes. SubmissionRefused, SubmissionUnheard, SlurmDown.

        After a SlurmDown that is no SubmissionUnheard Slurm may have the job.
        """
        done = self._call("sbatch", "--parsable", str(script))
        if done.returncode == 0:
            return done.stdout.strip().partition(";")[0]
        message = " ".join(done.stderr.split())
        if _PASSING.search(message):
            raise SubmissionUnheard(message) if _UNHEARD.search(message) else SlurmDown(message)
        raise SubmissionRefused(message or f"sbatch ended with {done.returncode} without a message")

    def jobs(self) -> Listing:
        """Every job of the agent's that Slurm remembers. SlurmDown."""
        columns = ",".join(f"{name}:{width}" for name, width in _COLUMNS.items())
        done = self._call("squeue", "--noheader", "--me", "--all", "--states=all", f"--Format={columns}")
        if done.returncode:
            raise SlurmDown(" ".join(done.stderr.split()))
        rows = [_cut(line) for line in done.stdout.splitlines() if line.strip()]
        ours = [row for row in rows if row["Comment"].startswith(COMMENT)]
        return [
            (row["Comment"][len(COMMENT) :], _seen(row))
            for row in sorted(ours, key=lambda row: int(row["JobID"]))
        ]

    def accounted(self, job_id: str) -> Seen | None:
        """A job that only accounting remembers; None where there is no accounting, or nothing in it."""
        arguments = ("--allocations", "--parsable2", "--noheader", f"--jobs={job_id}", "--duplicates")
        try:
            done = self._call("sacct", *arguments, f"--format={','.join(_SACCT_COLUMNS)}")
        except SlurmDown:
            return None
        lines = done.stdout.splitlines()
        if done.returncode or not lines:
            return None
        row = dict(zip(_SACCT_COLUMNS, lines[-1].split("|")))
        code, signal = _exit(row["ExitCode"])
        return Seen(
            job_id=job_id,
            state=row["State"].partition(" ")[0],
            exit_code=code,
            signal=signal,
            restarts=len(lines) - 1,
            nodes=row["NodeList"],
            submitted_at=_time(row["Submit"]),
            started_at=_time(row["Start"]),
            ended_at=_time(row["End"]),
        )

    def cancel(self, job_id: str) -> None:
        """Ask for the job's end; one that has ended is success. SlurmDown."""
        done = self._call("scancel", job_id)
        message = " ".join(done.stderr.split())
        if done.returncode and "Invalid job id" not in message and "already complet" not in message:
            raise SlurmDown(message)

    def counts_gpus(self, partition: str) -> bool:
        """True where Slurm hands out the accelerators of a partition's nodes one by one. SlurmDown."""
        width = 256
        done = self._call("sinfo", "--noheader", "--all", f"--Format=PartitionName:{width},Gres:{width}")
        if done.returncode:
            raise SlurmDown(" ".join(done.stderr.split()))
        rows = [(line[:width].strip(), line[width:]) for line in done.stdout.splitlines()]
        return any(name == partition and re.search(r"\bgpu:", counted) for name, counted in rows)

    def remembers_seconds(self) -> float:
        """For how long Slurm knows a job that has ended; infinite where it forgets none. SlurmDown."""
        done = self._call("scontrol", "show", "config")
        found = re.search(r"^MinJobAge\s*=\s*(\d+)", done.stdout, re.MULTILINE)
        if done.returncode or found is None:
            raise SlurmDown(" ".join(done.stderr.split()) or "scontrol show config has no MinJobAge")
        # Of 0, slurm.conf(5) says that no record is ever purged.
        return int(found[1]) or math.inf

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        try:
            with self._slots:
                return self._run(arguments, self._environ)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlurmDown(f"{arguments[0]}: {error}") from error


def _cut(line: str) -> dict[str, str]:
    row, start = {}, 0
    for name, width in _COLUMNS.items():
        row[name] = line[start : start + width].strip()
        start += width
    return row


def _seen(row: Mapping[str, str]) -> Seen:
    code, signal = _exit(row["exit_code"])
    return Seen(
        job_id=row["JobID"],
        state=row["State"],
        reason="" if row["Reason"] == "None" else row["Reason"],
        exit_code=code,
        signal=signal,
        restarts=int(row["RestartCnt"] or 0),
        nodes=row["NodeList"],
        submitted_at=_time(row["SubmitTime"]),
        # Of a job that waits or runs Slurm tells when it expects to start or must end it.
        started_at=None if row["State"] == PENDING else _time(row["StartTime"]),
        ended_at=_time(row["EndTime"]) if row["State"] in ENDED_STATES else None,
    )


def _exit(text: str) -> tuple[int, int]:
    """(exit code, signal): `7:0` in accounting, a number as of wait(2) in squeue."""
    code, colon, signal = text.partition(":")
    if colon:
        return int(code), int(signal)
    status = int(code or 0)
    return status >> 8, status & 0x7F


def _time(text: str) -> int | None:
    return int(text) if text.isdigit() and text != "0" else None
