"""How fast conversations are validated: every rule of every row, against a loop that parses each line."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from atelier.datasets import Format, check
from benchmarks.parsing import against_parsing
from benchmarks.result import Result
from benchmarks.rows import ROWS, converse_rows


def measure() -> Result:
    """Every row is checked, and none has a finding."""
    return against_parsing("dataset_validation", converse_rows(), _seconds_of_validating, least=1.5)


def _seconds_of_validating(path: Path) -> float:
    start = perf_counter()
    with path.open("rb") as file:
        report = check(file, Format.SFT)
    seconds = perf_counter() - start
    if report.rows != ROWS or report.total:
        raise AssertionError(f"{report.rows} rows; {report.summary()}")
    return seconds
