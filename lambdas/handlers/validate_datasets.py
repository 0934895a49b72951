"""State ValidateDatasets: refuse data that a job would fail on, before the job is paid for."""

from __future__ import annotations

import logging
from typing import Any

from atelier.runs.parse import parse_run
from atelier.targets.scenarios import scenarios_of
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {datasets: [{uri, role, rows, bytes}], parts: [numbers of what others must check]}."""
    run = parse_run(event["run"])
    validation = composition.validation(event)
    datasets, parts = validation.begin(chunk_bytes=composition.settings().dataset_part_bytes)
    # The smoke test comes after training: what it could not read is better known now.
    scenarios_of(run, composition.objects())
    logger.info(
        "datasets_validated",
        extra={"run_id": event["run_id"], "datasets": len(datasets), "parts": len(parts)},
    )
    return {"datasets": datasets, "parts": parts}
