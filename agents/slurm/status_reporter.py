"""From Slurm to the pipeline: one look at the queue, and what it says of each job that Slurm has."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

from . import outputs
from .bundle import parse
from .config import Config
from .record import ENDED, SUBMITTED, UPLOADING, Record, Records
from .reporting import FORGOTTEN, UPLOADING as UPLOADING_STATE, Reporter
from .script import EXIT_CODE
from .slurm import COMPLETED, FAILED, Listing, Seen, Slurm, find

logger = logging.getLogger(__name__)


class StatusReporter:
    """Follows the jobs that Slurm has, to the last byte of their output."""

    def __init__(
        self,
        *,
        config: Config,
        records: Records,
        slurm: Slurm,
        reporter: Reporter,
        s3: Any,
    ) -> None:
        self._config = config
        self._records = records
        self._slurm = slurm
        self._reporter = reporter
        self._s3 = s3
        self._transfers = threading.BoundedSemaphore(config.transfers)

    def look(self) -> Listing:
        """The jobs as Slurm tells them now. SlurmDown."""
        return self._slurm.jobs()

    def strays(self, queue: Listing) -> Iterator[tuple[str, Seen]]:
        """Jobs that Slurm has without a record: it took them after sbatch had given up, or twice."""
        for job, seen in queue:
            record = self._records.get(job)
            if record is None or seen.has_ended:
                continue
            if record.phase == ENDED or record.slurm_job_id not in ("", seen.job_id):
                yield job, seen

    def cancel(self, job: str, seen: Seen) -> None:
        """End a job in Slurm. SlurmDown."""
        self._slurm.cancel(seen.job_id)
        logger.warning("stray_cancelled: %s: %s", job, seen.job_id)

    def follow(self, job: str, queue: Listing) -> None:
        """Tell what is new of a job, and bring its output away when it is complete."""
        record = self._records.get(job)
        if record is None or record.phase not in (SUBMITTED, UPLOADING):
            return
        job_id = record.slurm_job_id
        seen = self._completed(record) or find(job, queue, job_id=job_id) or self._of_the_past(record)
        if seen is None:
            self._reporter.end(record, self._forgotten(record))
        elif seen.state == COMPLETED:
            self._bring_away(record, seen)
        elif seen.has_ended:
            self._reporter.end(record, seen)
        else:
            due = self._reporter.log_is_due(record, seconds=self._config.log_seconds)
            self._reporter.tell(record, seen, with_log=due)

    def _bring_away(self, record: Record, seen: Seen) -> None:
        reported = record
        if record.phase != UPLOADING:
            reported = self._reporter.tell(record, _at_upload(seen))
            reported = self._records.move(reported, phase=UPLOADING)
        try:
            bundle = parse(self._records.bundle(record.job), job=record.job, config=self._config)
            folder = self._records.folder(record.job) / bundle.output_path
            with self._transfers:
                count = outputs.upload(folder, bundle.output_s3_uri, s3=self._s3)
        except Exception as error:
            # It is tried again at the next look. Until then it is known why nothing moves.
            self._reporter.tell(reported, _at_upload(seen, f"{type(error).__name__}: {error}"))
            raise
        self._reporter.end(reported, seen, output_files=count)

    def _of_the_past(self, record: Record) -> Seen | None:
        """A job that Slurm's controller has forgotten, as accounting or the job's own script tells it."""
        job_id = record.slurm_job_id
        accounted = self._slurm.accounted(job_id)
        if accounted:
            return accounted
        try:
            wrote, code = (self._records.folder(record.job) / EXIT_CODE).read_text().split()
        except (OSError, ValueError):
            return None
        if wrote != job_id:
            return None
        last = self._last(record)
        reason = "" if code == "0" else "its script ended with this code; Slurm has forgotten the job"
        state = COMPLETED if code == "0" else FAILED
        return Seen(**{**vars(last), "state": state, "reason": reason, "exit_code": int(code)})

    def _completed(self, record: Record) -> Seen | None:
        """A job that was seen to be complete, and whose output is on its way."""
        if record.phase != UPLOADING:
            return None
        return Seen(**{**vars(self._last(record)), "state": COMPLETED, "reason": ""})

    def _forgotten(self, record: Record) -> Seen:
        last = self._last(record)
        reason = (
            f"Slurm no longer knows the job, which was last {last.state}, and there is no accounting of it"
        )
        return Seen(**{**vars(last), "state": FORGOTTEN, "reason": reason})

    @staticmethod
    def _last(record: Record) -> Seen:
        return Seen(
            record.slurm_job_id,
            *(
                record.status[name]
                for name in ("state", "reason", "exit_code", "signal", "restarts", "nodes")
            ),
            *(record.status[name] for name in ("submitted_at", "started_at", "ended_at")),
        )


def _at_upload(seen: Seen, reason: str = "") -> Seen:
    return Seen(**{**vars(seen), "state": UPLOADING_STATE, "reason": reason})
