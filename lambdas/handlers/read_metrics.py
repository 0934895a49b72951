"""State ReadMetrics: what an evaluation job measured."""

from __future__ import annotations

import logging
from typing import Any

from atelier.evaluation.results import read_scores
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, evaluation_index, subject, job} → the scores, with evaluation_index and subject."""
    scores = read_scores(event["job"], objects=composition.objects())
    logger.info(
        "metrics_read", extra={"run_id": event["run_id"], "subject": event["subject"], "rows": scores.rows}
    )
    return {"evaluation_index": event["evaluation_index"], "subject": event["subject"], **scores.to_event()}
