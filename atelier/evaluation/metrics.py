"""Names of the metrics and files of Nova's evaluation container.

The container writes some metrics under a short name in some versions; in Atelier a metric has its long name.
Source: Amazon Nova user guide, "Evaluating your SageMaker-trained model".
"""

from __future__ import annotations

GEN_QA_FILE = "gen_qa.jsonl"
GEN_QA_METRICS = (
    "exact_match",
    "quasi_exact_match",
    "f1_score",
    "f1_score_quasi",
    "rouge1",
    "rouge2",
    "rougeL",
    "bleu",
)
METRICS_BY_TASK = {"gen_qa": GEN_QA_METRICS}
# sacrebleu's scale; every other metric is a share.
_HIGHEST = {"bleu": 100.0}
STRATEGIES_BY_TASK = {"gen_qa": "gen_qa"}

_LONG_NAMES = {"em": "exact_match", "qem": "quasi_exact_match"}


def highest(metric: str) -> float:
    """The best value a metric can have; the worst is 0."""
    return _HIGHEST.get(metric, 1.0)


def long_name(metric: str) -> str:
    """The long name of a metric, whichever of its two names the container used."""
    return _LONG_NAMES.get(metric, metric)
