"""Reports of a job to the pipeline: its status object, replaced at every change, and its log.

A status is in the object before it is in the record: after a crash between the two it is reported once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from . import job_log
from .record import ENDED, Record, Records
from .script import LOG
from .slurm import CANCELLED, Seen
from .store import Store

SCHEMA_VERSION = 1
# The agent's own words; every other state is Slurm's.
FETCHING, UPLOADING, REFUSED, FORGOTTEN = "FETCHING", "UPLOADING", "REFUSED", "FORGOTTEN"
_CHANGES = ("state", "reason", "nodes", "restarts", "slurm_job_id", "exit_code", "signal")

logger = logging.getLogger(__name__)


class Reporter:
    """Tells how jobs stand; `now` in seconds since the epoch."""

    def __init__(self, *, store: Store, records: Records, now: Callable[[], float]) -> None:
        self._store = store
        self._records = records
        self._now = now

    def refuse(self, job: str, sha256: str, reason: str) -> None:
        """Tell of a job that was never taken on, and take its bundle away."""
        self._store.tell(job, self._status(Record(job=job, sha256=sha256), Seen("", REFUSED, reason)))
        self._store.drop_bundle(job)
        logger.warning("job_refused: %s: %s", job, reason)

    def tell(self, record: Record, seen: Seen, *, with_log: bool = False, **more: Any) -> Record:
        """Report a job's state if it changed; returns the record with what was reported."""
        status = self._status(record, seen) | more
        is_news = any(status[name] != record.status.get(name) for name in _CHANGES)
        if not is_news and not with_log:
            return record
        path = self._records.folder(record.job) / LOG
        lines = job_log.last_lines(path)
        status |= {"log_lines": lines, "loss": job_log.last_loss(lines)}
        if lines:
            self._store.put_log(record.job, job_log.whole(path))
        self._store.tell(record.job, status)
        if is_news:
            logger.info("job_changed: %s: %s %s", record.job, status["state"], status["reason"])
        return self._records.move(record, status=status)

    def end(self, record: Record, seen: Seen, **more: Any) -> Record:
        """Report a job's end, after which it is not followed any more."""
        reported = self.tell(record, seen, with_log=True, **more)
        ended = self._records.move(reported, phase=ENDED, ended_at=int(self._now()))
        self._store.drop_bundle(record.job)
        return ended

    def withdraw(self, record: Record) -> Record:
        """Tell of a job that was taken back before Slurm had it."""
        return self.end(record, Seen("", CANCELLED, "it was taken back before it was submitted"))

    def log_is_due(self, record: Record, *, seconds: float) -> bool:
        """True when the log has grown since it was uploaded, and `seconds` have passed."""
        reported = record.status
        has_grown = job_log.size(self._records.folder(record.job) / LOG) != reported.get("log_bytes", 0)
        return bool(has_grown and self._now() - reported.get("updated_at", 0) >= seconds)

    def _status(self, record: Record, seen: Seen) -> dict[str, Any]:
        now = int(self._now())
        before = record.status
        return {
            "schema_version": SCHEMA_VERSION,
            "job": record.job,
            "bundle_sha256": record.sha256,
            "slurm_job_id": seen.job_id,
            "state": seen.state,
            "reason": seen.reason,
            "since": before["since"] if before.get("state") == seen.state else now,
            "exit_code": seen.exit_code,
            "signal": seen.signal,
            "nodes": seen.nodes,
            "restarts": seen.restarts,
            "submitted_at": seen.submitted_at,
            "started_at": seen.started_at,
            "ended_at": seen.ended_at,
            "log_lines": [],
            "log_bytes": job_log.size(self._records.folder(record.job) / LOG),
            "loss": None,
            "output_files": None,
            "updated_at": now,
        }
