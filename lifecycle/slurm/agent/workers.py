"""Threads that look at jobs side by side, never two at the same job.

Daemons: what they do may be cut off anywhere and is taken up by the next agent, so the end of this one waits
for no upload.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

logger = logging.getLogger(__name__)


class Workers:
    """A fixed number of threads."""

    def __init__(self, count: int) -> None:
        self._work: queue.SimpleQueue[tuple[Future[None], Callable[[], None]]] = queue.SimpleQueue()
        self._busy: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        for _ in range(count):
            threading.Thread(target=self._run, daemon=True).start()

    def start(self, job: str, work: Callable[[], None]) -> Future[None] | None:
        """Let a thread do the work on a job; None when one is at it already."""
        with self._lock:
            if job in self._busy:
                return None
            future: Future[None] = Future()
            self._busy[job] = future

        def done(_future: Future[None]) -> None:
            with self._lock:
                self._busy.pop(job, None)

        future.add_done_callback(done)
        self._work.put((future, work))
        return future

    def _run(self) -> None:
        while True:
            future, work = self._work.get()
            try:
                work()
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(None)
