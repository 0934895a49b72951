"""`atelier report` and `atelier runs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.support.commands import atelier
from tests.support.line import BUCKET, FakeLine, ends
from tests.support.operations import RUN_ID

REASON = "gen_qa.exact_match 0.983 is at least 0.90"


def score(subject: str, exact_match: float) -> dict[str, Any]:
    return {
        "evaluation_index": 0,
        "subject": subject,
        "task": "gen_qa",
        "metrics": {"exact_match": exact_match},
    }


@pytest.fixture
def reported(line: FakeLine) -> FakeLine:
    """A line with a run whose report is published."""
    line.executions.start(RUN_ID, {"base_model": "atelier-tiny"})
    document = {
        "run_id": RUN_ID,
        "status": "PROMOTED",
        "sentence": "All 1 gate rules passed.",
        "failure": None,
        "scores": [score("candidate", 0.983), score("baseline", 0.0)],
        "decision": {"passed": True, "rules": [{"rule": "at least", "passed": True, "reason": REASON}]},
    }
    folder = f"s3://{BUCKET}/runs/{RUN_ID}/report"
    line.objects.stored[f"{folder}/report.json"] = json.dumps(document).encode()
    line.objects.stored[f"{folder}/index.html"] = b"<h1>report</h1>"
    return line


def test_report_shows_metrics_side_by_side_and_what_the_gate_said(reported: FakeLine) -> None:
    shown = " ".join(atelier("report", RUN_ID).output.split())

    assert "gen_qa.exact_match 0.000 0.983 +0.983" in shown
    assert f"✓ {REASON}" in shown


def test_report_leaves_the_page_on_this_machine(reported: FakeLine, tmp_path: Path) -> None:
    outcome = atelier("report", RUN_ID)

    page = tmp_path / "home" / "reports" / "local" / RUN_ID / "index.html"
    assert page.read_bytes() == b"<h1>report</h1>"
    assert str(page) in outcome.output


def test_report_of_a_run_that_goes_on_says_so(line: FakeLine) -> None:
    line.executions.start(RUN_ID, {})

    outcome = atelier("report", RUN_ID)

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "is still running" in outcome.stderr


def test_report_of_a_run_that_ended_without_one_says_how_it_ended(line: FakeLine) -> None:
    line.executions.start(RUN_ID, {})
    line.executions.script = [ends("FAILED")]

    assert "ended as FAILED without a report" in atelier("report", RUN_ID).stderr


def test_report_says_once_why_a_run_failed(reported: FakeLine) -> None:
    uri = f"s3://{BUCKET}/runs/{RUN_ID}/report/report.json"
    failure = {"error": "JobFailed", "cause": "no memory"}
    document = json.loads(reported.objects.stored[uri])
    document |= {"status": "FAILED", "failure": failure, "sentence": "JobFailed: no memory"}
    reported.objects.stored[uri] = json.dumps(document).encode()

    assert atelier("report", RUN_ID).output.count("JobFailed: no memory") == 1


def test_runs_lists_each_run_with_its_status(reported: FakeLine) -> None:
    reported.executions.script = []
    reported.executions.runs[RUN_ID] = ends("PROMOTED")(reported.executions.runs[RUN_ID])

    (row,) = [text for text in atelier("runs").output.splitlines() if RUN_ID in text]

    assert row.split() == [
        RUN_ID,
        "PROMOTED",
        "atelier-tiny",
        "2026-11-23",
        "14:05",
        "1",
        "min",
        "00",
        "s",
    ]


def test_runs_says_when_there_are_none(line: FakeLine) -> None:
    assert "no runs in local yet" in atelier("runs").output
