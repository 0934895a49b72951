"""A file checked in parts: the same report however it is cut."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings, strategies as st

from atelier.datasets import Bound, Demands, Finding, Format, Part, Report, check, check_file, merge, scan
from atelier.datasets.part import FINDINGS_KEPT
from atelier.datasets.side_by_side import scan_side_by_side
from tests.support.broken_files import Trickle, files
from tests.support.samples import CLEAN

TEXT = json.dumps(CLEAN["sft text"][1]).encode() + b"\n"
TOOLS = json.dumps(CLEAN["sft call"][1]).encode() + b"\n"
DEMANDS = [
    Demands(),
    Demands(min_rows=Bound(5, "one batch"), max_line_bytes=300),
    Demands(max_rows=Bound(1, "a quota"), max_file_bytes=10),
]


def in_parts(data: bytes, cuts: list[int], demands: Demands, most: int = 400) -> Report:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    parts = []
    for start, end in pairwise(edges):
        stream = Trickle(data[max(start - 1, 0) :], most)
        part = scan(stream, Format.SFT, demands, start=start, end=end)
        parts.append(Part.from_json(json.loads(json.dumps(part.to_json()))))
    return merge(reversed(parts), Format.SFT, demands)


@settings(max_examples=300, deadline=None)
@given(
    data=files(),
    cuts=st.lists(st.integers(0, 3_000), max_size=6, unique=True),
    demands=st.sampled_from(DEMANDS),
    most=st.integers(1, 400),
)
def test_a_report_is_the_same_however_the_file_is_cut(
    data: bytes, cuts: list[int], demands: Demands, most: int
) -> None:
    assert in_parts(data, cuts, demands, most) == check(BytesIO(data), Format.SFT, demands)


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(max_size=60).map(lambda data: data.replace(b"a", b"\n")), cuts=st.lists(st.integers(0, 60))
)
def test_any_bytes_give_one_report_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    assert in_parts(data, sorted(set(cuts)), Demands()) == check(BytesIO(data), Format.SFT)


def test_every_cut_of_a_file_gives_the_same_report() -> None:
    data = TEXT + b"\n{oops\n" + TOOLS + TEXT[:-1]
    whole = check(BytesIO(data), Format.SFT)
    assert [cut for cut in range(len(data) + 1) if in_parts(data, [cut], Demands()) != whole] == []


def test_a_key_that_some_rows_lack_is_one_finding_with_the_first_line() -> None:
    report = in_parts(TOOLS * 3 + TEXT + TOOLS, [len(TOOLS) * 3], Demands())
    finding = next(finding for finding in report.findings if finding.at == "toolConfig")
    assert (finding.line, finding.rule) == (0, "all-or-none")
    assert finding.found == "in 4 of 5 rows; first without at line 4"


def test_findings_of_the_file_come_first_and_all_are_counted() -> None:
    demands = Demands(min_rows=Bound(20_000, "one batch (global_batch_size 20000)"))
    data = b"[]\n" * (FINDINGS_KEPT + 5)
    report = in_parts(data, [600, 9_000], demands)
    assert report.findings[0].rule == "min-rows"
    assert str(report.findings[0]).endswith("at least 20,000: one batch (global_batch_size 20000) (min-rows)")
    assert [finding.line for finding in report.findings[1:]] == list(range(1, FINDINGS_KEPT + 1))
    assert (report.counts["object"], report.is_valid) == (FINDINGS_KEPT + 5, False)


def test_a_file_without_rows_is_refused() -> None:
    assert [finding.rule for finding in check(BytesIO(b""), Format.SFT).findings] == ["rows"]


def test_a_report_survives_the_way_through_json() -> None:
    report = check(BytesIO(TEXT + b"{oops\n"), Format.SFT)
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_warning_leaves_a_file_valid() -> None:
    report = check(BytesIO(TEXT.replace(b"bedrock-conversation-2024", b"another")), Format.SFT)
    assert report.counts == {"schema-version": 1}
    assert report.is_valid


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes((TEXT * 9 + b"{oops\n\n" + TOOLS) * 20)
    return path


def test_a_file_checked_by_several_processes_has_the_findings_of_one(broken_file: Path) -> None:
    one: list[Finding] = []
    report = check_file(broken_file, Format.SFT, sink=one.append)
    several: list[Finding] = []
    told: list[int] = []
    parts = scan_side_by_side(
        broken_file,
        Format.SFT,
        Demands(),
        jobs=2,
        sink=several.append,
        on_progress=told.append,
        piece_bytes=700,
    )
    assert len(parts) > 2
    assert merge(parts, Format.SFT) == report
    assert several == [finding for finding in one if finding.line]
    assert sum(told) == broken_file.stat().st_size


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_pipe_is_read_whatever_the_number_of_jobs(tmp_path: Path, jobs: int) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(b"[]\n[]\n",))
    writer.start()

    report = check_file(pipe, Format.SFT, jobs=jobs)

    writer.join()
    assert (report.rows, report.counts["object"]) == (2, 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_empty_file_is_named_whatever_the_number_of_jobs(tmp_path: Path, jobs: int) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()

    report = check_file(empty, Format.SFT, jobs=jobs)

    assert [(finding.file, finding.rule) for finding in report.findings] == [(str(empty), "rows")]
    assert report.file == str(empty)


@pytest.mark.parametrize("jobs", [1, 2])
def test_progress_is_told_in_bytes_and_the_sink_hears_of_the_file_last(broken_file: Path, jobs: int) -> None:
    told: list[int] = []
    found: list[Finding] = []
    report = check_file(broken_file, Format.SFT, jobs=jobs, sink=found.append, on_progress=told.append)
    assert sum(told) == broken_file.stat().st_size
    assert [finding.line for finding in found][-1] == 0
    assert len(found) == report.total


INTERRUPTED = """
import sys
from pathlib import Path
from threading import Thread
from atelier.datasets import Demands, Format
from atelier.datasets.side_by_side import scan_side_by_side

def tell(_bytes):
    print("working", file=sys.stderr, flush=True)

if __name__ == "__main__":
    scan_side_by_side(
        Path(sys.argv[1]), Format.SFT, Demands(), jobs=2, sink=print, on_progress=tell, piece_bytes=100
    )
"""


def test_an_interrupt_ends_every_process_with_one_traceback(broken_file: Path, tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(broken_file)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == "working\n"
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert errors.count("Traceback") == errors.count("KeyboardInterrupt") == 1
    assert list(tmp_path.glob("atelier-findings-*")) == []
