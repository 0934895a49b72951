"""What validation holds in memory: its peak over ten times a file, against its peak over the file."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import output_of
from benchmarks.result import Result
from benchmarks.rows import ROWS, converse_rows

TIMES = 10
MOST = 1.1
MOST_MIB = 64

# The file is read again and again as one stream, which spares the disk two gigabytes. The peak is the
# process's own: getrusage would also count what its parent had before the exec.
_MEASURED = """
import re, sys
from pathlib import Path
from atelier.datasets import Format, check

class Repeated:
    def __init__(self, path, times):
        self.files = [path] * times
        self.file = path.open("rb")
    def read(self, size=-1):
        data = self.file.read(size)
        while not data and len(self.files) > 1:
            self.file.close()
            self.file = self.files.pop().open("rb")
            data = self.file.read(size)
        return data

report = check(Repeated(Path(sys.argv[1]), int(sys.argv[2])), Format.SFT)
assert report.total == 0, report.summary()
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(report.bytes, peak[1])
"""


def measure(*, rows: int = ROWS) -> Result:
    """MiB at the peak of a process that validates the rows ten times over, and once."""
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        path = Path(folder, "train.jsonl")
        with path.open("wb") as file:
            file.writelines(converse_rows(rows))
        size = path.stat().st_size
        reference, ours = (_peak_mib(path, times, size * times) for times in (1, TIMES))
    return Result(
        name="validation_memory",
        unit="MiB",
        ours=ours,
        reference=reference,
        better="lower",
        promise=f"under {MOST_MIB} MiB, and at most {MOST} times as much for {TIMES} times the rows",
        kept=ours < MOST_MIB and ours / reference <= MOST,
    )


def _peak_mib(path: Path, times: int, expected_bytes: int) -> float:
    output = output_of([sys.executable, "-c", _MEASURED, str(path), str(times)])
    read, peak_kib = map(int, output.split())
    if read != expected_bytes:
        raise AssertionError(f"{read} of {expected_bytes} bytes were read")
    return peak_kib / 1024
