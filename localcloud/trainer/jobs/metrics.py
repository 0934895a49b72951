"""Scores of generated answers against gold ones, as the task gen_qa of AWS's evaluation container names them.

Every metric is that of lighteval, which the container runs (metrics_sample.py and metrics_corpus.py there):
an empty answer matches nothing; quasi means after HELM's normalisation (lower case, no punctuation, no
articles, numbers in one form); F1 compares the sets of words; ROUGE is rouge-score's F-measure without
stemming; BLEU is sacrebleu's corpus score (0 to 100; all others are 0 to 1).
"""

from __future__ import annotations

import contextlib
import math
import re
import statistics
import string
from collections.abc import Callable, Sequence

import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

RowMetric = Callable[[str, str], float]
ROUGE = ("rouge1", "rouge2", "rougeL")
BOOTSTRAP_RESAMPLES = 200


def score(golds: Sequence[str], inferences: Sequence[str]) -> dict[str, float]:
    """Every metric and its standard error, `<metric>_stderr`."""
    rouge = RougeScorer(ROUGE)
    per_row = [
        {name: found.fmeasure for name, found in rouge.score(gold, inference).items()}
        | {name: metric(gold, inference) for name, metric in ROW_METRICS.items()}
        for gold, inference in zip(golds, inferences, strict=True)
    ]
    scores: dict[str, float] = {}
    for name in (*ROUGE, *ROW_METRICS):
        values = [row[name] for row in per_row]
        scores[name] = statistics.fmean(values)
        scores[f"{name}_stderr"] = standard_error(values)
    return scores | _bleu(golds, inferences)


def exact_match(gold: str, inference: str) -> float:
    return float(bool(inference) and gold.strip() == inference.strip())


def quasi_exact_match(gold: str, inference: str) -> float:
    return float(bool(inference) and normalize(gold) == normalize(inference))


def f1_score(gold: str, inference: str) -> float:
    """Harmonic mean of precision and recall between the sets of words."""
    expected, found = set(gold.split()), set(inference.split())
    common = len(expected & found)
    return 2 * common / (len(expected) + len(found)) if common else 0.0


def f1_score_quasi(gold: str, inference: str) -> float:
    return f1_score(normalize(gold), normalize(inference))


ROW_METRICS: dict[str, RowMetric] = {
    "exact_match": exact_match,
    "quasi_exact_match": quasi_exact_match,
    "f1_score": f1_score,
    "f1_score_quasi": f1_score_quasi,
}


def normalize(text: str) -> str:
    """HELM's normalisation, which goes back to the evaluation script of QuAC."""
    words = (_normalize_word(word) for word in re.split(" |-", text.lower()))
    return " ".join(word for word in words if word)


def standard_error(values: Sequence[float]) -> float:
    """Of the mean; 0 for a single value, which says nothing about its spread."""
    return statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _normalize_word(word: str) -> str:
    bare = "".join(character for character in word if character not in string.punctuation)
    with contextlib.suppress(ValueError):
        bare = str(float(bare))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def _bleu(golds: Sequence[str], inferences: Sequence[str]) -> dict[str, float]:
    """A corpus score is no mean over rows: its standard error comes from bootstrap resamples (95 % is
    1.96)."""
    found = sacrebleu.BLEU().corpus_score(list(inferences), [list(golds)], n_bootstrap=BOOTSTRAP_RESAMPLES)
    return {"bleu": found.score, "bleu_stderr": found._ci / 1.96}
