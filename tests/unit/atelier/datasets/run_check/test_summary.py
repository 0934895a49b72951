"""What is said of a run's datasets."""

from __future__ import annotations

import pytest

from atelier.datasets import Finding, Report
from atelier.datasets.run_check.summary import raise_if_invalid
from atelier.errors import InvalidDataset


def a_report(file: str, *, findings: int = 0, warnings: int = 0) -> Report:
    report = Report(file=file, rows=1_000)
    for line in range(1, warnings + 1):
        report.add(Finding(file, line, 0, "leak-near", "", "x" * 60, "y" * 60, "warn"))
    for line in range(1, findings + 1):
        report.add(Finding(file, line, 0, "json", "", "x" * 60, "y" * 60, "refuse"))
    return report


def refusal(*reports: Report) -> str:
    with pytest.raises(InvalidDataset) as refused:
        raise_if_invalid(reports, [f"s3://bucket/{report.file}.jsonl" for report in reports])
    return str(refused.value)


def test_warnings_alone_refuse_nothing() -> None:
    raise_if_invalid([a_report("train", warnings=3)], ["s3://bucket/train.jsonl"])


def test_what_refuses_is_told_before_what_warns() -> None:
    told = refusal(a_report("train", findings=1, warnings=7)).splitlines()
    assert [line.endswith("(json)") for line in told if "line " in line] == [True, False, False, False, False]
    assert told[-1] == "- and 3 more in s3://bucket/train.jsonl"


def test_files_that_are_right_are_counted_and_not_told() -> None:
    told = refusal(a_report("train", findings=1), a_report("validation"))
    assert told.startswith("datasets: 1 of 2 files refused\ntrain: 1 finding (json 1)\n")
    assert "validation" not in told


def test_a_refusal_of_all_files_that_a_run_can_name_fits_a_cause_of_step_functions() -> None:
    told = refusal(*(a_report(f"stages.{index}.train", findings=9_000) for index in range(30)))
    assert len(told) < 32_768
    assert told.count("9,000 findings (") == 10
    assert told.endswith("and 20 more, in the run's report")
