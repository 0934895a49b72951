"""State MergeFindings: put the parts of large datasets together, and refuse the run for what they hold."""

from __future__ import annotations

import logging
from typing import Any

from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, unchecked_parts: [{part, error, cause}]} → {datasets: [{uri, role, rows, bytes}]}."""
    validation = composition.validation(event)
    datasets = validation.conclude(event["unchecked_parts"])
    logger.info("datasets_validated", extra={"run_id": event["run_id"], "datasets": len(datasets)})
    return {"datasets": datasets}
