"""One start of a container: a process group of its own, its output, and its end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from localcloud.common.processes import start_of
from localcloud.kubernetes.logs import ContainerLog


class StartError(Exception):
    """The program cannot be started; the message says why."""


class Process:
    """A running process; `ended` is called once, from a thread, with its exit code as a shell counts it."""

    def __init__(
        self,
        command: list[str],
        environ: Mapping[str, str],
        working_directory: Path,
        log: ContainerLog,
        record: Path,
        ended: Callable[[int], None],
    ) -> None:
        try:
            self._process = subprocess.Popen(
                command,
                cwd=working_directory,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise StartError(f"failed to create the container's process: {error}") from error
        self._record = record
        record.write_text(json.dumps({"pid": self._process.pid, "started": start_of(self._process.pid)}))
        assert self._process.stdout is not None
        self._recording = threading.Thread(target=log.record, args=(self._process.stdout,), daemon=True)
        self._recording.start()
        threading.Thread(target=self._wait, args=(ended,), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group; nothing when it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _wait(self, ended: Callable[[int], None]) -> None:
        code = self._process.wait()
        # A container ends with its first process, whatever that has started.
        self.signal(signal.SIGKILL)
        self._recording.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._record.unlink(missing_ok=True)
        ended(code if code >= 0 else 128 - code)


def kill_recorded(record: Path) -> None:
    """Kill what an earlier server left running under a record, if the process id is still that process's."""
    try:
        left = json.loads(record.read_text())
    except (OSError, ValueError):
        return
    if left["started"] and start_of(left["pid"]) == left["started"]:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(left["pid"], signal.SIGKILL)
    record.unlink(missing_ok=True)
