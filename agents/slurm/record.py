"""What the agent knows of its jobs: whoever starts after a crash goes on from there.

Kept where Slurm keeps its own state, on the controller: a job can write to all of the shared file system, and
must not say of another where its output goes.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

PREPARING, SUBMITTING, SUBMITTED, UPLOADING, ENDED = (
    "preparing",
    "submitting",
    "submitted",
    "uploading",
    "ended",
)
_RECORD, _BUNDLE = "record.json", "bundle.json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Record:
    """How far a job came. `status` is the last that was reported; times in seconds since the epoch."""

    job: str
    sha256: str
    phase: str = PREPARING
    submitting_since: int | None = None
    ended_at: int | None = None
    status: Mapping[str, Any] = field(default_factory=dict)

    @property
    def slurm_job_id(self) -> str:
        """Slurm's number for it; empty before Slurm had it."""
        return str(self.status.get("slurm_job_id", ""))


class HeldByAnother(Exception):
    """Another agent is at work on the records."""


def hold(state: Path) -> BinaryIO:
    """Be the only agent on these records for as long as the file is open. HeldByAnother."""
    state.mkdir(parents=True, exist_ok=True)
    held = (state / ".held").open("wb")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise HeldByAnother(f"{state}: another agent is at work on these records") from error
    return held


class Records:
    """The records of a cluster's jobs; each is replaced whole, so that none is ever half-written."""

    def __init__(self, state: Path, *, jobs: Path) -> None:
        self._state = state
        self._jobs = jobs
        self._known = {record.job: record for record in _read_all(state)}

    def create(self, record: Record, body: bytes) -> None:
        """Take a job on, with its bundle."""
        write_whole(self._state / record.job / _BUNDLE, body)
        self.save(record)

    def save(self, record: Record) -> None:
        """Replace the record of a job."""
        write_whole(self._state / record.job / _RECORD, json.dumps(asdict(record)).encode())
        self._known[record.job] = record

    def move(self, record: Record, **changes: Any) -> Record:
        """The record with changes, saved."""
        moved = replace(record, **changes)
        self.save(moved)
        return moved

    def get(self, job: str) -> Record | None:
        """The record of a job; None for one that was never taken on, or was cleared away."""
        return self._known.get(job)

    def bundle(self, job: str) -> bytes:
        """The bundle of a job that was taken on."""
        return (self._state / job / _BUNDLE).read_bytes()

    def open_jobs(self) -> list[Record]:
        """The jobs that have not ended."""
        return [record for record in list(self._known.values()) if record.phase != ENDED]

    def folder(self, job: str) -> Path:
        """A job's own folder on the shared file system."""
        return self._jobs / job

    def clear_away(self, *, before: float) -> None:
        """Delete what is left of jobs that ended before a time."""
        for record in list(self._known.values()):
            if record.phase == ENDED and (record.ended_at or 0) < before:
                shutil.rmtree(self.folder(record.job), ignore_errors=True)
                shutil.rmtree(self._state / record.job, ignore_errors=True)
                del self._known[record.job]


def _read_all(folder: Path) -> Iterator[Record]:
    """Every record; an unreadable one is logged: its job is found again by its bundle and in Slurm."""
    for path in sorted(folder.glob(f"*/{_RECORD}")):
        record = _read(path)
        if record:
            yield record


def _read(path: Path) -> Record | None:
    try:
        return Record(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        logger.exception("record_unreadable: %s", path)
        return None


def write_whole(path: Path, body: bytes) -> None:
    """Replace a file: after a crash it is the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with part.open("wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
