"""State ValidateDatasetPart: check a range of a dataset that is too large for one function."""

from __future__ import annotations

import logging
from typing import Any

from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, part: its number} → {part, rows, findings}; the findings are in the bucket."""
    validation = composition.validation(event)
    checked = validation.check_chunk(event["part"])
    found = {"part": event["part"], "rows": checked.rows, "findings": checked.counts.total()}
    logger.info("dataset_part_validated", extra={"run_id": event["run_id"], **found})
    return found
