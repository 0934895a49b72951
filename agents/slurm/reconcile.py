"""From the inbox to Slurm: look at one job, compare the inbox with the record, take the next action.

A job is looked for in Slurm by its comment before it is submitted, so that neither a message that comes
twice nor an agent that died in the middle of sbatch makes a second one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from . import script
from .bundle import Bundle, InvalidBundle, parse, sha256
from .config import Config
from .fetch import Fetcher, InputRefused, JobWithdrawn
from .record import ENDED, PREPARING, SUBMITTED, SUBMITTING, Record, Records, write_whole
from .reporting import FETCHING, FORGOTTEN, REFUSED, Reporter
from .slurm import ENDED_STATES, PENDING, Seen, Slurm, SubmissionRefused, SubmissionUnheard, find
from .store import Store

logger = logging.getLogger(__name__)


class Reconciler:
    """Submits a job of the inbox, and cancels one that was withdrawn."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        records: Records,
        slurm: Slurm,
        fetcher: Fetcher,
        reporter: Reporter,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._store = store
        self._records = records
        self._slurm = slurm
        self._fetcher = fetcher
        self._reporter = reporter
        self._now = now

    def attend(self, job: str) -> None:
        """Look at a job. What cannot be done now is raised, and done when somebody looks again."""
        record = self._records.get(job)
        body = self._store.bundle(job)
        if record is None:
            if body is not None:
                self._take_on(job, body)
        elif record.phase == ENDED:
            if body is not None:
                self._store.drop_bundle(job)
        elif body is None:
            self._take_back(record)
        elif record.phase in (PREPARING, SUBMITTING):
            self._go_on(record)

    def _take_on(self, job: str, body: bytes) -> None:
        reported = self._store.status(job)
        if reported and reported["state"] in (*ENDED_STATES, REFUSED, FORGOTTEN):
            self._store.drop_bundle(job)
            return
        digest = sha256(body)
        try:
            parse(body, job=job, config=self._config)
        except InvalidBundle as error:
            self._reporter.refuse(job, digest, str(error))
            return
        record = Record(job=job, sha256=digest)
        self._records.create(record, body)
        self._go_on(record)

    def _take_back(self, record: Record) -> None:
        if record.phase == PREPARING:
            self._reporter.withdraw(record)
            return
        seen = find(record.job, self._slurm.jobs(), job_id=record.slurm_job_id)
        if seen and not seen.has_ended:
            self._slurm.cancel(seen.job_id)
            logger.info("job_cancelled: %s: %s", record.job, seen.job_id)
        elif record.phase == SUBMITTING:
            self._reporter.withdraw(record)

    def _go_on(self, record: Record) -> None:
        bundle = parse(self._records.bundle(record.job), job=record.job, config=self._config)
        if record.phase == PREPARING:
            if self._config.runtime == "process" and bundle.image not in self._config.programs:
                known = ", ".join(self._config.programs) or "none"
                self._refuse(record, f"image = {bundle.image!r}: this cluster has programs for {known}")
                return
            if record.status.get("state") != FETCHING:
                record = self._reporter.tell(record, Seen("", FETCHING))
            try:
                for source in bundle.inputs:
                    self._fetcher.fetch(source, is_requested=lambda: self._store.is_requested(record.job))
                self._write(bundle)
            except InputRefused as error:
                self._refuse(record, str(error))
                return
            except JobWithdrawn:
                self._reporter.withdraw(record)
                return
            except Exception as error:
                # It is tried again: a full disk may be emptied. Until then it is known why nothing moves.
                self._reporter.tell(record, Seen("", FETCHING, f"{type(error).__name__}: {error}"))
                raise
            if not self._store.is_requested(record.job):
                self._reporter.withdraw(record)
                return
            self._submit(record, is_first=True)
        else:
            self._submit(record, is_first=False)

    def _submit(self, record: Record, *, is_first: bool) -> None:
        seen = find(record.job, self._slurm.jobs())
        if seen is None and not is_first and self._may_be_forgotten(record):
            reason = "the agent ended while it submitted the job, and Slurm does not know it (any more)"
            self._reporter.end(record, Seen("", FORGOTTEN, reason))
            return
        if seen is None:
            record = self._records.move(record, phase=SUBMITTING, submitting_since=int(self._now()))
            try:
                job_id = self._slurm.submit(self._records.folder(record.job) / script.SUBMIT)
            except SubmissionRefused as error:
                self._refuse(record, str(error))
                return
            except SubmissionUnheard:
                self._records.move(record, phase=PREPARING, submitting_since=None)
                raise
            seen = Seen(job_id, PENDING, submitted_at=int(self._now()))
        reported = self._reporter.tell(record, seen)
        self._records.move(reported, phase=SUBMITTED)

    def _may_be_forgotten(self, record: Record) -> bool:
        """True when Slurm may have had the job, and have ended and forgotten it since."""
        waited = self._now() - (record.submitting_since or 0)
        return waited >= self._slurm.remembers_seconds()

    def _refuse(self, record: Record, reason: str) -> None:
        self._reporter.end(record, Seen("", REFUSED, reason))

    def _scripts(self, bundle: Bundle) -> dict[str, str]:
        counts_gpus = bundle.gpus_per_node > 0 and self._slurm.counts_gpus(bundle.partition)
        return script.files(bundle, self._config, counts_gpus=counts_gpus)

    def _write(self, bundle: Bundle) -> None:
        folder = self._records.folder(bundle.job)
        for name, text in self._scripts(bundle).items():
            write_whole(folder / name, text.encode())
        write_whole(folder / script.CONFIG_FOLDER / script.CONFIG_FILE, bundle.recipe.encode())
        for name in (bundle.output_path, str(folder / script.METERING)):
            (folder / name).mkdir(parents=True, exist_ok=True)
