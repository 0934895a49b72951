"""What the evaluations measured, looked up by the names that gate rules use."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from atelier.errors import MetricsMissing
from atelier.runs.subject import BASELINE, CANDIDATE


@dataclass(frozen=True)
class Score:
    """One metric of one model, NaN when it is no number; `standard_error` where the evaluation gave one."""

    value: float
    standard_error: float | None


class Scores:
    """Scores by subject and metric; a metric is called `<task>.<metric>`, as in a gate rule."""

    def __init__(self, scores: Mapping[str, Mapping[str, Score]]) -> None:
        self._scores = scores

    @classmethod
    def from_results(cls, results: Iterable[Mapping[str, Any]]) -> Scores:
        """From the results of ReadMetrics: {task, subject, metrics, stderr} each."""
        scores: dict[str, dict[str, Score]] = {CANDIDATE: {}, BASELINE: {}}
        for result in results:
            errors = result.get("stderr", {})
            for metric, value in result["metrics"].items():
                measured = Score(_number(value), errors.get(metric))
                scores[result["subject"]][f"{result['task']}.{metric}"] = measured
        return cls(scores)

    def get(self, subject: str, metric: str) -> Score:
        """One score. MetricsMissing names those that are there."""
        present = self._scores[subject]
        if metric not in present:
            known = ", ".join(sorted(present)) or "none"
            raise MetricsMissing(
                f"the gate needs {metric} of the {subject}, whose evaluations measured: {known}"
            )
        return present[metric]

    def metrics(self) -> list[str]:
        """Every metric of either model, sorted."""
        return sorted({metric for scores in self._scores.values() for metric in scores})

    def values(self, subject: str) -> dict[str, float | None]:
        """A model's metrics by name; None where one is no number."""
        scores = self._scores[subject].items()
        return {metric: score.value if math.isfinite(score.value) else None for metric, score in scores}


def _number(value: float | None) -> float:
    """JSON has no NaN: a metric that is no number travels as null."""
    return math.nan if value is None else value
