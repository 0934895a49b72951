"""What reading a dataset is measured against: the standard library parsing each line, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.result import Result

ROUNDS = 9


def against_parsing(
    name: str,
    rows: Iterable[bytes],
    seconds_of: Callable[[Path, int], float],
    *,
    least: float,
    rounds: int = ROUNDS,
) -> Result:
    """Rows per second in one process. Both read the same file in turns, and the best round of each counts.

    `seconds_of(path, count)` reads the file and raises AssertionError where it has not `count` clean rows.
    """
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        path = Path(folder, "rows.jsonl")
        with path.open("wb") as file:
            count = sum(1 for row in rows if file.write(row))
        times = [(seconds_of(path, count), _seconds_of_parsing(path)) for _ in range(rounds)]
    ours, reference = (count / min(column) for column in zip(*times, strict=True))
    return Result(
        name=name,
        unit="rows/s",
        ours=ours,
        reference=reference,
        better="higher",
        promise=f"at least {least} times a bare json.loads loop over the same file",
        kept=ours / reference >= least,
    )


def _seconds_of_parsing(path: Path) -> float:
    start = perf_counter()
    with path.open("rb") as file:
        for line in file:
            json.loads(line)
    return perf_counter() - start
