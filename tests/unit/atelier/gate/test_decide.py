from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import pytest

from atelier.errors import MetricsMissing
from atelier.gate.decide import Decision, RuleResult, decide
from atelier.gate.scores import Scores
from atelier.runs.model import GateRule

EXACT_MATCH = "gen_qa.exact_match"


def scores(candidate: Any, baseline: Any, *, errors: tuple[Any, Any] | None = None) -> Scores:
    def result(subject: str, value: Any, error: Any) -> dict[str, Any]:
        stderr = {} if error is None else {"exact_match": error}
        return {"task": "gen_qa", "subject": subject, "metrics": {"exact_match": value}, "stderr": stderr}

    of_candidate, of_baseline = errors or (None, None)
    return Scores.from_results(
        [result("candidate", candidate, of_candidate), result("baseline", baseline, of_baseline)]
    )


def judge(rule: dict[str, float], measured: Scores) -> RuleResult:
    decision = decide([GateRule(metric=EXACT_MATCH, **rule)], measured)
    assert decision.passed == decision.rules[0].passed
    return decision.rules[0]


@pytest.mark.parametrize(
    ("rule", "candidate", "baseline", "passed", "reason"),
    [
        ({"at_least": 0.9}, 0.94, 0.1, True, "gen_qa.exact_match 0.94 is at least 0.90"),
        ({"at_least": 0.9}, 0.9, 0.1, True, "gen_qa.exact_match 0.90 is at least 0.90"),
        ({"at_least": 0.9}, 0.89994, 0.1, False, "gen_qa.exact_match 0.8999 is below 0.90"),
        (
            {"better_than_baseline_by": 0.05},
            0.95,
            0.9,
            True,
            "gen_qa.exact_match 0.95 is better than the baseline's 0.90 by 0.05 "
            "(must be better than the baseline by at least 0.05)",
        ),
        (
            {"better_than_baseline_by": 0.05},
            0.9,
            0.95,
            False,
            "gen_qa.exact_match 0.90 is worse than the baseline's 0.95 by 0.05 "
            "(must be better than the baseline by at least 0.05)",
        ),
        (
            {"worse_than_baseline_by_at_most": 0.01},
            0.93,
            0.94,
            True,
            "gen_qa.exact_match 0.93 is worse than the baseline's 0.94 by 0.01 "
            "(may be worse than the baseline by at most 0.01)",
        ),
        (
            {"worse_than_baseline_by_at_most": 0.01},
            0.929,
            0.94,
            False,
            "gen_qa.exact_match 0.929 is worse than the baseline's 0.94 by 0.011 "
            "(may be worse than the baseline by at most 0.01)",
        ),
        (
            {"worse_than_baseline_by_at_most": 0},
            0.94,
            0.94,
            True,
            "gen_qa.exact_match 0.94 equals the baseline's 0.94 "
            "(may be worse than the baseline by at most 0.00)",
        ),
    ],
)
def test_a_rule_says_with_numbers_why_it_passed_or_not(
    rule: dict[str, float], candidate: float, baseline: float, passed: bool, reason: str
) -> None:
    result = judge(rule, scores(candidate, baseline))
    assert (result.passed, result.reason) == (passed, reason)


def test_a_difference_must_hold_at_the_bound_of_its_interval_when_a_rule_asks_for_confidence() -> None:
    # z(0.95) = 1.6449 and sqrt(0.03^2 + 0.04^2) = 0.05, so the bound of 0.20 is 0.1178.
    measured = scores(0.9, 0.7, errors=(0.03, 0.04))
    passing = judge({"better_than_baseline_by": 0.1, "confidence": 0.95}, measured)
    failing = judge({"better_than_baseline_by": 0.12, "confidence": 0.95}, measured)
    assert (passing.passed, failing.passed) == (True, False)
    assert failing.reason.endswith("; with 95% confidence the difference is at least 0.1178")
    assert failing.rule.endswith("by at least 0.12 with 95% confidence")


def test_a_bar_must_be_cleared_by_the_bound_of_the_score_when_a_rule_asks_for_confidence() -> None:
    result = judge({"at_least": 0.9, "confidence": 0.95}, scores(0.91, 0.1, errors=(0.01, None)))
    assert not result.passed
    assert result.reason == (
        "gen_qa.exact_match 0.91 is at least 0.90; with 95% confidence it is at least 0.8936"
    )


def test_a_rule_with_confidence_needs_the_standard_error_of_both_models() -> None:
    with pytest.raises(MetricsMissing, match="no standard error"):
        judge({"better_than_baseline_by": 0.1, "confidence": 0.95}, scores(0.9, 0.7, errors=(0.03, None)))


@pytest.mark.parametrize("no_number", [math.nan, math.inf, None])
def test_a_score_that_is_no_number_proves_nothing(no_number: float | None) -> None:
    result = judge({"at_least": 0.9}, scores(no_number, 0.1))
    assert not result.passed
    assert result.candidate is None
    assert result.reason == "gen_qa.exact_match of the candidate is not a number, so nothing is proven"


def test_a_baseline_or_a_standard_error_that_is_no_number_proves_nothing() -> None:
    of_baseline = judge({"worse_than_baseline_by_at_most": 0.01}, scores(0.9, math.nan))
    of_error = judge({"at_least": 0.5, "confidence": 0.9}, scores(0.9, 0.1, errors=(math.nan, None)))
    assert (of_baseline.passed, of_error.passed) == (False, False)
    assert "of the baseline is not a number" in of_baseline.reason
    assert "standard error" in of_error.reason


def test_a_missing_metric_is_an_error_that_names_those_present() -> None:
    with pytest.raises(
        MetricsMissing, match=r"needs gen_qa\.bleu of the candidate.*measured: gen_qa\.exact_match"
    ):
        decide([GateRule(metric="gen_qa.bleu", at_least=0.1)], scores(0.9, 0.1))


def test_the_gate_passes_only_when_every_rule_does() -> None:
    rules = [GateRule(metric=EXACT_MATCH, at_least=0.5), GateRule(metric=EXACT_MATCH, at_least=0.95)]
    decision = decide(rules, scores(0.9, 0.1))
    assert not decision.passed
    assert [rule.passed for rule in decision.rules] == [True, False]
    assert decision.sentence == "The gate failed 1 of 2 rules: gen_qa.exact_match 0.90 is below 0.95."


def test_a_gate_without_rules_passes() -> None:
    assert decide([], scores(0.9, 0.1)).passed


def test_a_decision_survives_the_workflows_json() -> None:
    decision = decide([GateRule(metric=EXACT_MATCH, at_least=0.5)], scores(math.nan, 0.1))
    assert Decision.from_json(json.loads(json.dumps(asdict(decision), allow_nan=False))) == decision
