"""State ValidateDatasetPart: check a range of a dataset that is too large for one function."""

from __future__ import annotations

import logging
from typing import Any

from atelier.runs import parse_run
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, part: its number} → {part, rows, findings}; what was found lies in the bucket."""
    validation = wiring.validation(parse_run(event["run"]), run_id=event["run_id"])
    checked = validation.check_chunk(event["part"])
    found = {"part": event["part"], "rows": checked.rows, "findings": checked.counts.total()}
    logger.info("dataset_part_validated", extra={"run_id": event["run_id"], **found})
    return found
