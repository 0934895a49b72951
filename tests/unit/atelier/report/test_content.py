from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from atelier.errors import AccessRefused
from atelier.operations.model import Operation
from atelier.report.content import SCHEMA, Report, compile_report
from atelier.report.publish import publish
from tests.fixtures.objects import FakeObjects
from tests.fixtures.operations import RUN_ID
from tests.fixtures.reports import (
    RECIPE,
    RECIPE_URI,
    STARTED_AT,
    SUMMARY_URI,
    LoggedJobs,
    an_event,
    the_rows,
    the_summary,
)
from tests.fixtures.runs import BUCKET


def compiled(
    *, rows: list[Operation] | None = None, jobs: LoggedJobs | None = None, **changes: Any
) -> Report:
    return compile_report(
        an_event(**changes),
        rows=the_rows() if rows is None else rows,
        jobs_of=lambda _: jobs or LoggedJobs(),
        objects=FakeObjects({RECIPE_URI: RECIPE, SUMMARY_URI: the_summary()}),
        bucket=BUCKET,
        now=STARTED_AT + 13_000,
    )


NOTHING_YET = dict.fromkeys(
    (
        "recipes",
        "warnings",
        "baseline",
        "stages",
        "scores",
        "decision",
        "approval",
        "smoke_test",
        "model_arn",
        "promotion",
    )
)


def test_the_report_keeps_every_key_of_the_states_event_under_its_name() -> None:
    report = json.loads(json.dumps(asdict(compiled())))
    assert {key: report[key] for key in an_event()} == an_event()
    assert report["schema"] == SCHEMA == "atelier.report/1"


def test_metrics_of_both_models_stand_side_by_side_with_the_gates_rules() -> None:
    row = next(row for row in compiled().metrics if row.metric == "gen_qa.f1_score")
    assert (row.candidate, row.baseline, row.difference) == (0.981, 0.4073, 0.5737)
    assert [rule["threshold"] for rule in row.rules] == [0.05]


def test_a_stage_has_its_curves_and_the_recipe_that_its_container_read() -> None:
    first, second = compiled().training
    assert first.curves["reduced_train_loss"][-1][0] == 120
    assert first.recipe == RECIPE.decode()
    assert (second.recipe, "reward_accuracy" in second.curves) == ("", True)


def test_the_datasets_are_as_validation_left_them() -> None:
    train, evaluation = compiled().datasets
    assert (train["fields"], train["rows"], train["is_valid"]) == (["stages.0.train"], 800, True)
    assert [rule["severity"] for rule in train["rules"]] == ["warn"]
    assert (evaluation["rows"], evaluation["rules"]) == (1, [])


def test_a_run_that_was_refused_before_its_data_was_read_has_no_datasets() -> None:
    report = compile_report(
        an_event(status="FAILED", failure={"error": "InvalidRun", "cause": "no name"}, **NOTHING_YET),
        rows=[],
        jobs_of=lambda _: LoggedJobs(),
        objects=FakeObjects(),
        bucket=BUCKET,
        now=STARTED_AT,
    )
    assert report.datasets == ()


def test_steps_come_in_order_with_their_times() -> None:
    steps = compiled().steps
    assert [step.what for step in steps][:4] == [
        "Training: sft, lora",
        "Training: dpo, lora",
        "Evaluation: gen_qa, baseline",
        "Evaluation: gen_qa, candidate",
    ]
    assert (steps[0].started_at, steps[0].ended_at) == (STARTED_AT, STARTED_AT + 5230)


def test_a_stage_that_failed_still_shows_its_curves() -> None:
    report = compiled(
        rows=the_rows()[:1],
        status="FAILED",
        failure={"error": "JobFailed", "cause": "out of memory"},
        **NOTHING_YET,
    )
    assert [(stage.stage_index, stage.checkpoint) for stage in report.training] == [(0, None)]
    assert "reduced_train_loss" in report.training[0].curves


def test_a_run_that_was_refused_as_malformed_still_gets_its_report() -> None:
    failure = {"error": "InvalidRun", "cause": "stages: required"}
    for malformed in ({"name": 7}, "not a mapping", {"stages": None}):
        report = compiled(rows=[], status="FAILED", run=malformed, failure=failure, **NOTHING_YET)
        published = publish(report, objects=FakeObjects(), bucket=BUCKET)
        assert "InvalidRun: stages: required" in published.message


def test_logs_that_cannot_be_read_do_not_cost_the_report() -> None:
    class Refused(LoggedJobs):
        def logs(self, job_name: str, *, containing: Sequence[str] = ()) -> Iterable[str]:
            raise AccessRefused("logs:FilterLogEvents was refused")

    assert [stage.curves for stage in compiled(jobs=Refused()).training] == [{}, {}]


def test_no_task_token_reaches_the_report() -> None:
    assert "a-secret-token" not in json.dumps(asdict(compiled()))


def test_publishing_writes_both_forms_and_names_them() -> None:
    objects = FakeObjects()
    published = publish(compiled(), objects=objects, bucket=BUCKET)
    prefix = f"s3://{BUCKET}/runs/{RUN_ID}/report"
    assert (published.report_uri, published.report_json_uri) == (
        f"{prefix}/index.html",
        f"{prefix}/report.json",
    )
    assert json.loads(objects.stored[published.report_json_uri])["status"] == published.status == "PROMOTED"
    assert objects.stored[published.report_uri].startswith(b"<!doctype html>")
