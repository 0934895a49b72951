"""Containers' output: one file for each start of a container, each line with the time it was written."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from localcloud.kubernetes.objects import seconds_since


class ContainerLog:
    """The output of one start of a container, in lines `<RFC 3339 time> <text>`.

    `also` is given each line's text as it comes: what collects logs on a node.
    """

    def __init__(
        self, path: Path, *, is_closed: bool = False, also: Callable[[str], object] | None = None
    ) -> None:
        self.path = path
        self._also = also
        self._is_closed = is_closed
        self._listeners: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def record(self, output: BinaryIO) -> None:
        """Write every line of the output as it comes, until it ends; then close."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            for line in output:
                stamp = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
                file.write(stamp.encode() + b" " + line)
                file.flush()
                if self._also is not None:
                    self._also(line.decode(errors="replace").rstrip("\r\n"))
                self._notify()
        self._is_closed = True
        self._notify()

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call a listener when there is more, or the log is closed; returns what ends it."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._unsubscribe(listener)

    def _unsubscribe(self, listener: Callable[[], object]) -> None:
        with self._lock:
            self._listeners.remove(listener)

    def _notify(self) -> None:
        with self._lock:
            for listener in self._listeners:
                listener()


class Logs:
    """The logs of all containers, by the pod's uid, under one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[Path, ContainerLog] = {}
        self._lock = threading.Lock()

    def start(
        self, uid: str, container: str, attempt: int, also: Callable[[str], object] | None = None
    ) -> ContainerLog:
        """A log for the container's start number `attempt`, counted from 0."""
        log = ContainerLog(self._path(uid, container, attempt), also=also)
        with self._lock:
            self._open[log.path] = log
        return log

    def find(self, uid: str, container: str, attempt: int) -> ContainerLog | None:
        """The log of a start; None when there was no such start."""
        path = self._path(uid, container, attempt)
        with self._lock:
            log = self._open.get(path)
        if log is None and path.exists():
            return ContainerLog(path, is_closed=True)
        return log

    def forget(self, uid: str) -> None:
        """Drop what is held of a pod's logs in memory; its folder goes with the pod."""
        with self._lock:
            for path in [path for path in self._open if path.is_relative_to(self._root / uid)]:
                del self._open[path]

    def _path(self, uid: str, container: str, attempt: int) -> Path:
        return self._root / uid / "logs" / container / f"{attempt}.log"


@dataclass(frozen=True)
class LogOptions:
    """The query of `pods/<name>/log`."""

    follow: bool = False
    timestamps: bool = False
    tail: int | None = None
    since_seconds: int | None = None
    limit_bytes: int | None = None

    async def read(self, log: ContainerLog) -> AsyncGenerator[bytes, None]:
        """The selected lines; with `follow`, those that are still to come."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        unsubscribe = log.subscribe(lambda: loop.call_soon_threadsafe(changed.set))
        left = self.limit_bytes
        try:
            position, first = 0, True
            while True:
                changed.clear()
                was_closed = log.is_closed
                lines, position = _lines_from(log.path, position, whole=was_closed)
                for line in self._selected(lines, first=first):
                    written = line if left is None else line[:left]
                    left = None if left is None else left - len(written)
                    if written:
                        yield written
                first = False
                if was_closed or not self.follow or left == 0:
                    return
                await changed.wait()
        finally:
            unsubscribe()

    def _selected(self, lines: list[bytes], *, first: bool) -> list[bytes]:
        if self.since_seconds is not None:
            seconds = self.since_seconds
            lines = [line for line in lines if seconds_since(_second(line)) <= seconds]
        if self.tail is not None and first:
            lines = lines[-self.tail :] if self.tail else []
        return lines if self.timestamps else [line.partition(b" ")[2] for line in lines]


def _lines_from(path: Path, position: int, *, whole: bool) -> tuple[list[bytes], int]:
    """The lines after a position, and where they end; an unfinished last line only when no more will come."""
    if not path.exists():
        return [], position
    with path.open("rb") as file:
        file.seek(position)
        text = file.read()
    if not whole:
        text = text[: text.rfind(b"\n") + 1]
    return text.splitlines(keepends=True), position + len(text)


def _second(line: bytes) -> str:
    return line[:19].decode() + "Z"
