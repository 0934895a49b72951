"""Time code in processes of its own: nothing is imported, cached or warmed by what was measured before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks.processes import output_of

_TIMED = "import time; start = time.perf_counter()\n{code}\nprint(time.perf_counter() - start)"


def seconds(code: str) -> float:
    """Seconds that `code` takes in a new process, at the repository's root, without Python's own start."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    output = output_of([sys.executable, "-c", _TIMED.format(code=code)], environ={"PATH": path})
    return float(output.splitlines()[-1])


def best_of(rounds: int, *codes: str) -> list[float]:
    """Each code's best time; the codes take turns, so that a busy moment of the machine hits all of them."""
    times = [[seconds(code) for code in codes] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]
