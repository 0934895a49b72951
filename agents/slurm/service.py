"""The agent's loop: what is looked at, and when.

Level-triggered: a message, a clock and a start are all only reasons to look. What is due follows from the
inbox, the records and Slurm.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from .config import Config
from .heartbeat import heartbeat
from .messages import Message, Queue
from .reconcile import Reconciler
from .record import PREPARING, SUBMITTING, Records
from .slurm import SlurmDown
from .status_reporter import StatusReporter
from .store import Store
from .workers import Workers

_TICK_SECONDS = 0.1
_CLEARING_SECONDS = 3600
_DAY = 86_400

logger = logging.getLogger(__name__)


class Service:
    """Everything that the agent does, until `stop`."""

    def __init__(
        self,
        *,
        config: Config,
        messages: Queue,
        store: Store,
        records: Records,
        reconciler: Reconciler,
        status_reporter: StatusReporter,
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._messages = messages
        self._store = store
        self._records = records
        self._reconciler = reconciler
        self._status_reporter = status_reporter
        self._now = now
        self._workers = Workers()
        self._arrived: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._held: dict[Message, Future[None] | None] = {}
        self._stopped = threading.Event()
        self._slurm_answers = False

    def stop(self) -> None:
        """End the loop soon; what is half-done is taken up by the next agent."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped. A round that fails is logged, and its work done in a later one."""
        threading.Thread(target=self._poll, daemon=True).start()
        rounds = [
            _Round(self._take_messages, 0),
            _Round(self._follow, self._config.look_seconds),
            _Round(self._look_into_the_inbox, self._config.inbox_seconds),
            _Round(self._beat, self._config.heartbeat_seconds),
            _Round(self._keep_messages, self._config.visibility_seconds / 2),
            _Round(self._clear_away, _CLEARING_SECONDS),
        ]
        while not self._stopped.is_set():
            for one in rounds:
                one.run_if_due()
        logger.info("agent_stopped")

    def _poll(self) -> None:
        while not self._stopped.is_set():
            for message in self._received():
                self._arrived.put(message)

    def _received(self) -> list[Message]:
        try:
            return self._messages.receive()
        except Exception:
            logger.exception("queue_unreachable")
            self._stopped.wait(self._config.look_seconds)
            return []

    def _take_messages(self) -> None:
        """Let workers look at the jobs of messages; one whose job is being looked at waits for the next."""
        with suppress(queue.Empty):
            self._held[self._arrived.get(timeout=_TICK_SECONDS)] = None
        for message, future in list(self._held.items()):
            if future is None:
                self._held[message] = self._attend(message.job)
            elif future.done():
                del self._held[message]
                if future.exception() is None:
                    self._messages.delete(message)

    def _attend(self, job: str) -> Future[None] | None:
        return self._start("job_not_attended", job, partial(self._reconciler.attend, job))

    def _start(self, event: str, job: str, work: Callable[[], None]) -> Future[None] | None:
        def logged() -> None:
            try:
                work()
            except Exception:
                logger.exception("%s: %s", event, job)
                raise

        return self._workers.start(job, logged)

    def _follow(self) -> None:
        """One look at the queue for all jobs; those that Slurm took on during the look wait for the next."""
        followed = [
            record.job for record in self._records.open_jobs() if record.phase not in (PREPARING, SUBMITTING)
        ]
        try:
            seen = self._status_reporter.look()
        except SlurmDown as error:
            if self._slurm_answers:
                logger.warning("slurm_down: %s", error)
            self._slurm_answers = False
            return
        self._slurm_answers = True
        for job in followed:
            self._start("job_not_followed", job, partial(self._status_reporter.follow, job, seen))
        for job, stray in self._status_reporter.strays(seen):
            # Under its own number: the job's own name is nearly always being looked at.
            self._start(
                "stray_not_cancelled", stray.job_id, partial(self._status_reporter.cancel, job, stray)
            )

    def _look_into_the_inbox(self) -> None:
        """Reconcile every job of the inbox and of the records, because messages may be lost."""
        known = {record.job: record.phase for record in self._records.open_jobs()}
        requested = set(self._store.requested())
        for job in requested:
            if known.get(job) in (None, PREPARING, SUBMITTING):
                self._attend(job)
        for job in known.keys() - requested:
            self._attend(job)

    def _beat(self) -> None:
        jobs = len(self._records.open_jobs())
        self._store.beat(heartbeat(now=self._now, slurm_answers=self._slurm_answers, jobs=jobs))

    def _keep_messages(self) -> None:
        for message in self._held:
            self._keep(message)

    def _keep(self, message: Message) -> None:
        try:
            self._messages.keep(message)
        except Exception:
            # Its receipt may have expired: the others' have not.
            logger.exception("message_not_kept: %s", message.job)

    def _clear_away(self) -> None:
        self._records.clear_away(before=self._now() - self._config.kept_days * _DAY)


class _Round:
    """Something done every so often, first at once."""

    def __init__(self, work: Callable[[], None], seconds: float) -> None:
        self._work = work
        self._seconds = seconds
        self._next = time.monotonic()

    def run_if_due(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._seconds
        try:
            self._work()
        except Exception:
            logger.exception("round_failed: %s", self._work.__name__)
