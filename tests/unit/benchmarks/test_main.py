"""`python -m benchmarks`: what it prints, and that one failure hides no other result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import NoReturn

import pytest

import benchmarks.__main__ as command
from benchmarks.processes import output_of
from benchmarks.result import Result
from localcloud.slurm.installation import SlurmMissing
from tests.fixtures.benchmarks import printed


def measured(name: str, *, kept: bool = True) -> Callable[[], Result]:
    return lambda: Result(
        name=name, unit="s", ours=2, reference=1, better="lower", promise="at most 1 s", kept=kept
    )


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def measure() -> NoReturn:
        raise error

    return measure


def in_a_process_that_fails() -> NoReturn:
    output_of([sys.executable, "-c", "raise SystemExit('the run ended as FAILED: no reply')"])
    raise AssertionError("the process has not failed")


def run(monkeypatch: pytest.MonkeyPatch, **benchmarks: Callable[[], Result]) -> int:
    monkeypatch.setattr(command, "BENCHMARKS", benchmarks)
    return command.main([])


@pytest.mark.parametrize(
    ("failing", "why"),
    [
        (raising(SystemExit("cdk deploy failed")), "cdk deploy failed"),
        (raising(KeyError("release_run")), "release_run"),
        (in_a_process_that_fails, "the run ended as FAILED: no reply"),
    ],
    ids=["exits", "raises", "process"],
)
def test_a_benchmark_that_fails_says_why_and_does_not_stop_the_rest(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: Callable[[], NoReturn],
    why: str,
) -> None:
    assert run(monkeypatch, broken=failing, synth=measured("synth")) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["name"] == "synth"
    assert output.err.startswith("broken failed: ")
    assert why in output.err


def test_a_broken_promise_is_said_and_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, slow=measured("slow", kept=False), synth=measured("synth")) == 1
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 2
    assert output.err == "slow breaks its promise: at most 1 s\n"


def test_a_benchmark_without_its_slurm_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, slurm_submission=raising(SlurmMissing("`make slurm`"))) == 0
    assert capsys.readouterr().err == "slurm_submission is left out: `make slurm`\n"


def test_an_unknown_name_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["sinth"]) == 2
    assert "no benchmark sinth; there is job_end_latency," in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dataset_validation", "dataset_conversion"])
def test_reading_a_dataset_is_measured(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert printed(capsys, name, rows=200, rounds=1)["unit"] == "rows/s"


def test_the_memory_of_a_validation_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "validation_memory", rows=200)["unit"] == "MiB"


def test_the_import_of_a_handler_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "handler_import", modules=["decide_gate"], rounds=1)["unit"] == "ms"
