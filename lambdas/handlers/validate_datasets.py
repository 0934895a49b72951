"""State ValidateDatasets: refuse data that a job would fail on, before the job is paid for."""

from __future__ import annotations

import logging
from typing import Any

from atelier.datasets import check_datasets
from atelier.runs import parse_run
from lambdas import wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {datasets: [{uri, role, rows, bytes}]}."""
    datasets = check_datasets(parse_run(event["run"]), objects=wiring.objects())
    logger.info("datasets_validated", extra={"run_id": event["run_id"], "datasets": len(datasets)})
    return {"datasets": datasets}
