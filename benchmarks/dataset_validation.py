"""How fast conversations are validated: every rule of every row, against a loop that parses each line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from atelier.datasets import Format, check
from benchmarks.parsing import seconds_of_parsing
from benchmarks.result import Result
from benchmarks.rows import ROWS, converse_rows

ROUNDS = 9
LEAST = 1.5


def measure() -> Result:
    """Rows per second in one process. Both read the same file in turns, and the best round of each counts."""
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        path = Path(folder, "train.jsonl")
        with path.open("wb") as file:
            file.writelines(converse_rows())
        times = [(_seconds_of_validating(path), seconds_of_parsing(path)) for _ in range(ROUNDS)]
    ours, reference = (ROWS / min(column) for column in zip(*times, strict=True))
    return Result(
        name="dataset_validation",
        unit="rows/s",
        ours=ours,
        reference=reference,
        better="higher",
        promise=f"at least {LEAST} times a bare json.loads loop over the same file",
        kept=ours / reference >= LEAST,
    )


def _seconds_of_validating(path: Path) -> float:
    start = perf_counter()
    with path.open("rb") as file:
        report = check(file, Format.SFT)
    seconds = perf_counter() - start
    if report.rows != ROWS or report.total:
        raise AssertionError(f"{report.rows} rows; {report.summary()}")
    return seconds
