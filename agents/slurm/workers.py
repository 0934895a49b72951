"""Threads that look at jobs side by side, never two at the same job.

One for each job that is being looked at, so that no job waits for another's upload: what is scarce, as
transfers and Slurm's commands are, is counted where it is used. Daemons: what they do may be cut off anywhere
and is taken up by the next agent, so the end of this one waits for no upload.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future


class Workers:
    """The threads at work, by job."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def start(self, job: str, work: Callable[[], None]) -> Future[None] | None:
        """Let a thread do the work on a job; None when one is at it already."""
        with self._lock:
            if job in self._busy:
                return None
            self._busy.add(job)
        future: Future[None] = Future()
        threading.Thread(target=self._run, args=(job, work, future), daemon=True).start()
        return future

    def _run(self, job: str, work: Callable[[], None], future: Future[None]) -> None:
        failure: Exception | None = None
        try:
            work()
        except Exception as error:
            failure = error
        with self._lock:
            self._busy.remove(job)
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)
