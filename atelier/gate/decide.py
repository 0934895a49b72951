"""The gate's decision, with a sentence and the numbers for every rule.

With `confidence`, a condition must hold at the one-sided lower bound of the candidate's score, or of its
difference to the baseline, by the normal approximation: the standard error of a difference is the root of the
summed squares of both standard errors, as for independent samples. Both models answer the same rows, so their
errors go together and the true standard error is smaller: the bound errs on the strict side. Every metric is
better when higher.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from atelier.errors import MetricsMissing
from atelier.gate.scores import Score, Scores
from atelier.runs.subject import BASELINE, CANDIDATE

if TYPE_CHECKING:
    from atelier.runs.model import GateRule

# Scores are decimals carried as binary fractions: 0.95 - 0.9 is a little less than 0.05.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class RuleResult:
    """One rule as a sentence, what was measured, why it passed or not. None is a value that is no number."""

    rule: str
    metric: str
    candidate: float | None
    baseline: float | None
    threshold: float
    passed: bool
    reason: str


@dataclass(frozen=True)
class Decision:
    """The gate's answer: passed when every rule passed, also when there is none."""

    passed: bool
    rules: tuple[RuleResult, ...]

    @property
    def sentence(self) -> str:
        """The answer for people: the first failure, or that there was none."""
        failed = [rule for rule in self.rules if not rule.passed]
        if not self.rules:
            return "The gate has no rules, so it passed."
        if not failed:
            count = f"all {len(self.rules)} rules" if len(self.rules) > 1 else "its rule"
            return f"The gate passed {count}: {self.rules[0].reason}."
        return f"The gate failed {len(failed)} of {len(self.rules)} rules: {failed[0].reason}."

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Decision:
        """Back from the state's result."""
        return cls(data["passed"], tuple(RuleResult(**rule) for rule in data["rules"]))


def decide(rules: Iterable[GateRule], scores: Scores) -> Decision:
    """Hold the candidate to every rule. MetricsMissing when a rule's metric was not measured."""
    results = tuple(_result(rule, scores) for rule in rules)
    return Decision(all(result.passed for result in results), results)


def _result(rule: GateRule, scores: Scores) -> RuleResult:
    candidate = scores.get(CANDIDATE, rule.metric)
    if rule.at_least is not None:
        return _judge(rule, f"must be at least {_number(rule.at_least)}", rule.at_least, candidate)
    baseline = scores.get(BASELINE, rule.metric)
    if rule.better_than_baseline_by is not None:
        gain = rule.better_than_baseline_by
        return _judge(
            rule, f"must be better than the baseline by at least {_number(gain)}", gain, candidate, baseline
        )
    assert rule.worse_than_baseline_by_at_most is not None
    loss = rule.worse_than_baseline_by_at_most
    requirement = f"may be worse than the baseline by at most {_number(loss)}"
    return _judge(rule, requirement, loss, candidate, baseline, least=-loss)


def _judge(
    rule: GateRule,
    requirement: str,
    threshold: float,
    candidate: Score,
    baseline: Score | None = None,
    *,
    least: float | None = None,
) -> RuleResult:
    """Compare the score, or its difference to the baseline's, with `least` (default: the threshold)."""
    measured = candidate.value - baseline.value if baseline else candidate.value
    bound = measured - _slack(rule, candidate, baseline)
    problem = _unusable(rule, candidate, baseline, bound)
    passed = not problem and bound >= (threshold if least is None else least) - _ROUNDING
    confidence = f" with {rule.confidence:.0%} confidence" if rule.confidence else ""
    reason = problem or _comparison(rule.metric, requirement, threshold, candidate, baseline)
    if rule.confidence and not problem:
        reason += f";{confidence} {'the difference' if baseline else 'it'} is at least {_number(bound)}"
    return RuleResult(
        rule=f"{rule.metric} {requirement}{confidence}",
        metric=rule.metric,
        candidate=_finite(candidate.value),
        baseline=_finite(baseline.value) if baseline else None,
        threshold=threshold,
        passed=passed,
        reason=reason,
    )


def _slack(rule: GateRule, candidate: Score, baseline: Score | None) -> float:
    """How far the bound is below the measured value; 0 for a rule without confidence."""
    if rule.confidence is None:
        return 0.0
    errors = [score.standard_error for score in (candidate, baseline) if score]
    known = [error for error in errors if error is not None]
    if len(known) < len(errors):
        raise MetricsMissing(
            f"{rule.metric} has a rule with confidence {rule.confidence}, but no standard error was measured"
        )
    return NormalDist().inv_cdf(rule.confidence) * math.hypot(*known)


def _unusable(rule: GateRule, candidate: Score, baseline: Score | None, bound: float) -> str:
    """Why nothing can be concluded; empty when every number is one."""
    for subject, score in ((CANDIDATE, candidate), (BASELINE, baseline)):
        if score and not math.isfinite(score.value):
            return f"{rule.metric} of the {subject} is not a number, so nothing is proven"
    if not math.isfinite(bound):
        return f"the standard error of {rule.metric} is not a number, so nothing is proven"
    return ""


def _comparison(
    metric: str, requirement: str, threshold: float, candidate: Score, baseline: Score | None
) -> str:
    if baseline is None:
        relation = "at least" if candidate.value >= threshold - _ROUNDING else "below"
        return f"{metric} {_number(candidate.value)} is {relation} {_number(threshold)}"
    difference = candidate.value - baseline.value
    if abs(difference) <= _ROUNDING:
        found = f"equals the baseline's {_number(baseline.value)}"
    else:
        relation = "better" if difference > 0 else "worse"
        found = f"is {relation} than the baseline's {_number(baseline.value)} by {_number(abs(difference))}"
    return f"{metric} {_number(candidate.value)} {found} ({requirement})"


def _number(value: float) -> str:
    """Four decimals at most, two at least: 0.9 is 0.90, 0.12345 is 0.1235."""
    text = f"{value:.4f}".rstrip("0")
    return text + "0" * max(0, 2 - len(text.partition(".")[2]))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
