"""A file checked by several processes: the report, the findings and their order are those of one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Thread

import pytest

from atelier.datasets import Finding, Format, Report, Requirements, check
from atelier.datasets.scan.merge import merge
from cli.data.check import check_source
from cli.data.parallel_scan import _processes, parallel_scan
from cli.data.source import Source
from tests.fixtures.paths import ROOT
from tests.fixtures.samples import CLEAN

TEXT = json.dumps(CLEAN["sft text"][1]).encode() + b"\n"
TOOLS = json.dumps(CLEAN["sft call"][1]).encode() + b"\n"


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_bytes((TEXT * 9 + b"{oops\n\n" + TOOLS) * 20)
    return path


def checked(path: Path, *, jobs: int, findings: Path | None = None) -> Report:
    source = Source(str(path), None, lambda: path.open("rb"), path)
    return check_source(source, Format.SFT, Requirements(), jobs=jobs, findings=findings)


def test_pieces_have_the_findings_of_the_whole(broken_file: Path) -> None:
    one: list[Finding] = []
    with broken_file.open("rb") as file:
        report = check(file, Format.SFT, file=str(broken_file), sink=one.append)
    several: list[Finding] = []
    told: list[int] = []

    parts = parallel_scan(
        broken_file,
        Format.SFT,
        Requirements(),
        jobs=2,
        sink=several.append,
        on_progress=told.append,
        chunk_bytes=700,
    )

    assert len(parts) > 2
    assert merge(parts, Format.SFT) == report
    assert several == [finding for finding in one if finding.line]
    assert sum(told) == broken_file.stat().st_size


def test_reports_and_findings_are_the_same_for_any_number_of_jobs(broken_file: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"

    assert checked(broken_file, jobs=1, findings=one) == checked(broken_file, jobs=2, findings=two)

    assert one.read_text() == two.read_text()
    assert json.loads(one.read_text().splitlines()[-1])["line"] == 0


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_pipe_is_read_whatever_the_number_of_jobs(tmp_path: Path, jobs: int) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=(b"[]\n[]\n",))
    writer.start()

    report = checked(pipe, jobs=jobs)

    writer.join()
    assert (report.rows, report.counts["object"]) == (2, 2)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_empty_file_is_named_whatever_the_number_of_jobs(tmp_path: Path, jobs: int) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()

    report = checked(empty, jobs=jobs)

    assert [(finding.file, finding.rule) for finding in report.findings] == [(str(empty), "rows")]
    assert report.file == str(empty)


# It waits, in the midst of its work, for an interrupt to end it.
INTERRUPTED = """
import signal
import sys
from pathlib import Path
from atelier.datasets import Format, Requirements
from cli.data.parallel_scan import _processes, parallel_scan

def tell(_bytes):
    print("working", file=sys.stderr, flush=True)
    sys.stdin.read()

if __name__ == "__main__":
    # What runs in the background of a shell is born deaf to interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parallel_scan(
        Path(sys.argv[1]), Format.SFT, Requirements(), jobs=2, sink=print, on_progress=tell, chunk_bytes=100
    )
"""


def test_an_interrupt_ends_every_process_with_one_traceback(broken_file: Path, tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(broken_file)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == "working\n"
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
        errors = process.stderr.read()
    assert process.returncode == -signal.SIGINT
    assert errors.count("Traceback") == errors.count("KeyboardInterrupt") == 1
    assert list(tmp_path.glob("atelier-findings-*")) == []


def test_processes_are_ended_before_a_second_interrupt_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[bool] = []
    shut_down = ProcessPoolExecutor.shutdown

    def interrupted(executor: ProcessPoolExecutor, **asked: bool) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        shut_down(executor, **asked)
        ended.append(True)

    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), _processes(1):
            pass
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended == [True]
