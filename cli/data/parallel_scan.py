"""Parallel scan of a file: each process scans one chunk at a time."""

from __future__ import annotations

import json
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from atelier.datasets.formats.registry import Format
from atelier.datasets.lines.part import FINDINGS_KEPT, Part
from atelier.datasets.rules.finding import Finding
from atelier.datasets.rules.requirements import Requirements
from atelier.datasets.scan.scan import Sink, scan

CHUNK_BYTES = 16 * 1024 * 1024

ScanChunk = Callable[[int, int], Part]


def parallel_scan(
    path: Path,
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements,
    *,
    jobs: int,
    sink: Sink | None = None,
    on_progress: Callable[[int], None] | None = None,
    chunk_bytes: int = CHUNK_BYTES,
) -> list[Part]:
    """The parts of a file in order, scanned by `jobs` processes, with the findings that a report keeps.

    What `sink` gets passes through files of a temporary folder: the numbers of a chunk's lines are known only
    when all before it is scanned.
    """
    size = path.stat().st_size
    chunks = [(start, min(start + chunk_bytes, size)) for start in range(0, size, chunk_bytes)]
    parts: list[Part] = []
    kept = lines = 0
    with TemporaryDirectory(prefix="atelier-findings-") as folder, _processes(jobs) as processes:
        findings = Path(folder) if sink else None
        scan_chunk = partial(_scan_chunk, path, format, requirements, findings)
        for (start, end), part in zip(
            chunks, _in_order(processes, scan_chunk, chunks, 2 * jobs), strict=True
        ):
            part.findings = part.findings[: FINDINGS_KEPT - kept]
            parts.append(part)
            if sink:
                _pass_on(Path(folder, str(start)), lines, sink)
            if on_progress:
                on_progress(end - start)
            kept += len(part.findings)
            lines += part.lines
    return parts


@contextmanager
def _processes(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with the block: running chunks are finished, waiting ones dropped.

    A second Ctrl-C waits for that: in the middle of it, it would leave processes running.
    """
    executor = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield executor
    finally:
        with _interrupts_deferred():
            executor.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Defer SIGINT until the block has finished.

    By a handler, not a mask: a mask holds for one thread, and another would take the signal.
    """
    heard: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    if heard and callable(handler):
        handler(signal.SIGINT, None)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: it reaches the whole terminal, and this process ends them.

    What is blocked here is inherited; this process is interrupted as soon as the block ends.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_order(
    processes: ProcessPoolExecutor, scan_chunk: ScanChunk, chunks: Sequence[tuple[int, int]], ahead: int
) -> Iterator[Part]:
    """The parts in the order of the chunks; at most `ahead` are scanned in advance."""
    under_way: deque[Future[Part]] = deque()
    for chunk in chunks:
        if len(under_way) == ahead:
            yield under_way.popleft().result()
        with _interrupts_held():
            under_way.append(processes.submit(scan_chunk, *chunk))
    while under_way:
        yield under_way.popleft().result()


def _scan_chunk(
    path: Path,
    format: Format,  # noqa: A002 - the field's word
    requirements: Requirements,
    folder: Path | None,
    start: int,
    end: int,
) -> Part:
    with path.open("rb") as stream:
        stream.seek(max(start - 1, 0))
        if folder is None:
            return scan(stream, format, requirements, file=str(path), start=start, end=end)
        with (folder / str(start)).open("w", encoding="utf-8") as found:

            def sink(finding: Finding) -> None:
                found.write(json.dumps(finding) + "\n")

            return scan(stream, format, requirements, file=str(path), start=start, end=end, sink=sink)


def _pass_on(found: Path, lines: int, sink: Sink) -> None:
    """Give the sink the findings of a chunk, moved by the lines before it."""
    with found.open(encoding="utf-8") as file:
        for line in file:
            sink(Finding(*json.loads(line)).moved(lines))
    found.unlink()
