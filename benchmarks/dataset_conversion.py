"""OpenAI chats to Converse: our conversion of a file against a loop that only parses the same file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.fresh import best_of
from benchmarks.result import Result
from benchmarks.rows import ROWS, openai_rows

ROUNDS = 3
LEAST = 0.8

OURS = """
from atelier.datasets import Format
from atelier.datasets.transform.convert import Conversion, convert
with open({source!r}, "rb") as source, open({target!r}, "wb") as target:
    outcome = convert(source, target.write, Conversion(Format.SFT))
assert outcome.written == {rows} and outcome.fits_together, outcome.report.summary()
"""
REFERENCE = """
import json
with open({source!r}, "rb") as source:
    for line in source:
        json.loads(line)
"""


def measure() -> Result:
    """Rows a second of 200,000 chats of about 1 kB, read from a file and written to another."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "chats.jsonl"
        with source.open("wb") as file:
            file.writelines(openai_rows())
        paths = {"source": str(source), "target": str(source.with_name("sft.jsonl")), "rows": ROWS}
        ours, reference = best_of(ROUNDS, OURS.format(**paths), REFERENCE.format(**paths))
    return Result(
        name="dataset_conversion",
        unit="rows/s",
        ours=ROWS / ours,
        reference=ROWS / reference,
        better="higher",
        promise=f"at least {LEAST} of the rows a second of a bare json.loads loop",
        kept=reference / ours >= LEAST,
    )
