"""State DecideGate."""

from __future__ import annotations

import json

import pytest

from atelier.errors import MetricsMissing
from lambdas.handlers.decide_gate import handler
from tests.fixtures.reports import the_scores
from tests.fixtures.runs import RUN_ID, a_run

GATE = [
    {"metric": "gen_qa.exact_match", "at_least": 0.9},
    {"metric": "gen_qa.f1_score", "better_than_baseline_by": 0.05},
]


def test_the_gate_answers_in_json_with_a_sentence_for_each_rule() -> None:
    decision = handler({"run_id": RUN_ID, "run": a_run(gate=GATE), "scores": the_scores()}, None)
    assert json.loads(json.dumps(decision))["passed"] is True
    assert [rule["reason"] for rule in decision["rules"]] == [
        "gen_qa.exact_match 0.94 is at least 0.90",
        "gen_qa.f1_score 0.981 is better than the baseline's 0.4073 by 0.5737 "
        "(must be better than the baseline by at least 0.05)",
    ]


def test_a_metric_that_nobody_measured_fails_the_run() -> None:
    with pytest.raises(MetricsMissing):
        handler({"run_id": RUN_ID, "run": a_run(gate=GATE), "scores": []}, None)
