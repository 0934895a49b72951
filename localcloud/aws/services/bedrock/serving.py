"""Serving processes: one for each model in use, called by JSON lines."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud.common.home import REPOSITORY, project_python
from localcloud.common.programs import Programs, clean_environ

END_SECONDS = 5.0
IDLE_SECONDS = 300.0
"""After this long without a call Bedrock runs no copy of an imported model."""


class ModelUnloadable(Exception):
    """The checkpoint cannot be served; the message is its process's."""


class ModelBroke(Exception):
    """The model's process ended in the middle of an answer."""


class RequestUnanswerable(Exception):
    """The model cannot answer this request; the message says why."""


class Serving:
    """Served models by the folder of their weights; a process is started when a model is first needed."""

    def __init__(self, programs: Programs) -> None:
        self._module = programs.serving
        self._lock = threading.Lock()
        self._workers: dict[Path, _Worker] = {}

    def load(self, folder: Path) -> None:
        """Load the model and wait until its process is ready. Raises ModelUnloadable."""
        self._worker(folder)

    def is_loaded(self, folder: Path) -> bool:
        """Whether the model answers at once. One without requests for IDLE_SECONDS is unloaded."""
        with self._lock:
            worker = self._workers.get(folder)
        if worker is not None and worker.idle_seconds > IDLE_SECONDS:
            self.unload(folder)
            return False
        return worker is not None and worker.is_ready

    def answer(self, folder: Path, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The process's answers to a request: deltas, then the message. Raises as the classes above."""
        return self._worker(folder).answer(request)

    def unload(self, folder: Path) -> None:
        """End the model's process, if it has one."""
        with self._lock:
            worker = self._workers.pop(folder, None)
        if worker is not None:
            worker.end()

    def close(self) -> None:
        for folder in list(self._workers):
            self.unload(folder)

    def _worker(self, folder: Path) -> _Worker:
        with self._lock:
            worker = self._workers.get(folder)
            if worker is None or not worker.is_alive:
                worker = _Worker(self._module, folder)
                self._workers[folder] = worker
        try:
            worker.wait_until_ready()
        except ModelUnloadable:
            self.unload(folder)
            raise
        return worker


class _Worker:
    """One serving process. It answers one request at a time."""

    def __init__(self, module: str, folder: Path) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._is_ready = False
        self._used = time.monotonic()
        self._process = subprocess.Popen(
            [str(project_python()), "-m", module, "--checkpoint", str(folder)],
            cwd=REPOSITORY,
            env=clean_environ({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._complaints: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def is_ready(self) -> bool:
        return self._is_ready and self.is_alive

    @property
    def idle_seconds(self) -> float:
        """Seconds since the last request, or since the start."""
        return time.monotonic() - self._used

    def wait_until_ready(self) -> None:
        with self._lock:
            if self._is_ready:
                return
            first = self._read()
            if first is None or not first.get("ready"):
                raise ModelUnloadable(self._last_words())
            self._is_ready = True

    def answer(self, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        with self._lock:
            number = next(self._ids)
            self._used = time.monotonic()
            self._write({"id": number, **request})
            while True:
                line = self._read()
                if line is None:
                    raise ModelBroke(self._last_words())
                if line.get("id") != number:
                    # What is left of an answer whose reader went away.
                    continue
                if "error" in line:
                    raise RequestUnanswerable(line["error"])
                yield line
                if "message" in line:
                    return

    def end(self) -> None:
        """Close its input, which ends it; kill it if it does not listen."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _write(self, request: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise ModelBroke(self._last_words()) from error

    def _read(self) -> dict[str, Any] | None:
        """The next JSON line; None when the process has ended."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        return None

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._complaints = [*self._complaints[-20:], line.rstrip()]

    def _last_words(self) -> str:
        self._process.wait()
        self._listener.join()
        return (
            self._complaints[-1]
            if self._complaints
            else f"the process ended with code {self._process.returncode}"
        )
