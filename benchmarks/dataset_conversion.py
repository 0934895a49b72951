"""How fast OpenAI chats become clean Converse conversations, against a loop that only parses each line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from atelier.datasets import Format
from atelier.datasets.transform.convert import Conversion, convert
from benchmarks.parsing import seconds_of_parsing
from benchmarks.result import Result
from benchmarks.rows import ROWS, openai_rows

ROUNDS = 5
LEAST = 0.8


def measure() -> Result:
    """Rows per second, file to file. Both read the same file in turns, and the best round of each counts."""
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        path = Path(folder, "chats.jsonl")
        with path.open("wb") as file:
            file.writelines(openai_rows())
        times = [(_seconds_of_converting(path), seconds_of_parsing(path)) for _ in range(ROUNDS)]
    ours, reference = (ROWS / min(column) for column in zip(*times, strict=True))
    return Result(
        name="dataset_conversion",
        unit="rows/s",
        ours=ours,
        reference=reference,
        better="higher",
        promise=f"at least {LEAST} times a bare json.loads loop over the same file",
        kept=ours / reference >= LEAST,
    )


def _seconds_of_converting(path: Path) -> float:
    start = perf_counter()
    with path.open("rb") as chats, path.with_name("sft.jsonl").open("wb") as conversations:
        outcome = convert(chats, conversations.write, Conversion(Format.SFT))
    seconds = perf_counter() - start
    if outcome.written != ROWS or not outcome.fits_together:
        raise AssertionError(f"{outcome.written} rows; {outcome.report.summary()}")
    return seconds
