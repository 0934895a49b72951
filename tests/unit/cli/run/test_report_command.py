"""`atelier report` and `atelier runs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import ExitCode
from tests.fixtures.commands import atelier
from tests.fixtures.operations import RUN_ID
from tests.fixtures.pipeline import BUCKET, FakePipeline, ends

REASON = "gen_qa.exact_match 0.983 is at least 0.90"


def score(subject: str, exact_match: float) -> dict[str, Any]:
    return {
        "evaluation_index": 0,
        "subject": subject,
        "task": "gen_qa",
        "metrics": {"exact_match": exact_match},
    }


@pytest.fixture
def reported(pipeline: FakePipeline) -> FakePipeline:
    """A line with a run whose report is published."""
    pipeline.executions.start(RUN_ID, {"base_model": "atelier-tiny"})
    document = {
        "run_id": RUN_ID,
        "status": "PROMOTED",
        "sentence": "All 1 gate rules passed.",
        "failure": None,
        "scores": [score("candidate", 0.983), score("baseline", 0.0)],
        "decision": {"passed": True, "rules": [{"rule": "at least", "passed": True, "reason": REASON}]},
    }
    folder = f"s3://{BUCKET}/runs/{RUN_ID}/report"
    pipeline.objects.stored[f"{folder}/report.json"] = json.dumps(document).encode()
    pipeline.objects.stored[f"{folder}/index.html"] = b"<h1>report</h1>"
    return pipeline


def test_report_shows_metrics_side_by_side_and_what_the_gate_said(reported: FakePipeline) -> None:
    shown = " ".join(atelier("report", RUN_ID).output.split())

    assert "gen_qa.exact_match 0.000 0.983 +0.983" in shown
    assert f"✓ {REASON}" in shown


def test_report_leaves_the_page_on_this_machine(reported: FakePipeline, tmp_path: Path) -> None:
    outcome = atelier("report", RUN_ID)

    page = tmp_path / "home" / "reports" / "local" / RUN_ID / "index.html"
    assert page.read_bytes() == b"<h1>report</h1>"
    assert str(page) in outcome.output


def test_report_of_a_run_that_goes_on_says_so(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})

    outcome = atelier("report", RUN_ID)

    assert outcome.exit_code == ExitCode.UNREACHABLE
    assert "is still running" in outcome.stderr


def test_report_of_a_run_that_ended_without_one_says_how_it_ended(pipeline: FakePipeline) -> None:
    pipeline.executions.start(RUN_ID, {})
    pipeline.executions.script = [ends("FAILED")]

    assert "ended as FAILED without a report" in atelier("report", RUN_ID).stderr


def test_report_says_once_why_a_run_failed(reported: FakePipeline) -> None:
    uri = f"s3://{BUCKET}/runs/{RUN_ID}/report/report.json"
    failure = {"error": "JobFailed", "cause": "no memory"}
    document = json.loads(reported.objects.stored[uri])
    document |= {"status": "FAILED", "failure": failure, "sentence": "JobFailed: no memory"}
    reported.objects.stored[uri] = json.dumps(document).encode()

    assert atelier("report", RUN_ID).output.count("JobFailed: no memory") == 1


def test_runs_lists_each_run_with_its_status(reported: FakePipeline) -> None:
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


def test_runs_says_when_there_are_none(pipeline: FakePipeline) -> None:
    assert "no runs in local yet" in atelier("runs").output
