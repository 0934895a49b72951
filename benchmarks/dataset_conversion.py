"""How fast OpenAI chats become clean Converse conversations, against a loop that only parses each line."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from atelier.datasets import Format
from atelier.datasets.transform.convert import Conversion, convert
from benchmarks.parsing import ROUNDS, against_parsing
from benchmarks.result import Result
from benchmarks.rows import ROWS, openai_rows


def measure(*, rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """File to file, and every row is written."""
    return against_parsing(
        "dataset_conversion", openai_rows(rows), _seconds_of_converting, least=0.8, rounds=rounds
    )


def _seconds_of_converting(path: Path, count: int) -> float:
    start = perf_counter()
    with path.open("rb") as chats, path.with_name("sft.jsonl").open("wb") as conversations:
        outcome = convert(chats, conversations.write, Conversion(Format.SFT))
    seconds = perf_counter() - start
    if outcome.written != count or not outcome.fits_together:
        raise AssertionError(f"{outcome.written} rows; {outcome.report.summary()}")
    return seconds
