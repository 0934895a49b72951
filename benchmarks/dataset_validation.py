"""How fast conversations are validated: every rule of every row, against a loop that parses each line."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from atelier.datasets import Format, check
from benchmarks.parsing import ROUNDS, against_parsing
from benchmarks.result import Result
from benchmarks.rows import ROWS, converse_rows


def measure(*, rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Every row is checked, and none has a finding."""
    return against_parsing(
        "dataset_validation", converse_rows(rows), _seconds_of_validating, least=1.5, rounds=rounds
    )


def _seconds_of_validating(path: Path, count: int) -> float:
    start = perf_counter()
    with path.open("rb") as file:
        report = check(file, Format.SFT)
    seconds = perf_counter() - start
    if report.rows != count or report.total:
        raise AssertionError(f"{report.rows} rows; {report.summary()}")
    return seconds
