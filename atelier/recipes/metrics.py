"""Metrics of evaluation containers, by the tasks of the catalogue.

Some versions of Nova's container write short names of metrics; Atelier uses the long names.
Source: Amazon Nova user guide, "Evaluating your SageMaker-trained model".
"""

from __future__ import annotations

import math

from atelier.recipes.catalogue import catalogue

_LONG_NAMES = {"em": "exact_match", "qem": "quasi_exact_match", "f1": "f1_score"}


def highest(task: str, metric: str) -> float:
    """The best value of a metric (the worst is 0); infinite when unbounded or unknown."""
    best = catalogue().tasks[task].metrics.get(metric)
    return math.inf if best is None else best


def long_name(metric: str) -> str:
    """The long name of a metric, whichever of its two names the container used."""
    return _LONG_NAMES.get(metric, metric)
