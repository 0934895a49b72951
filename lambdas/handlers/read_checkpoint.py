"""State ReadCheckpoint: find the checkpoint that a stage made."""

from __future__ import annotations

import logging
from typing import Any

from atelier.training.checkpoint import read_checkpoint
from lambdas import wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, stage_index, job} → {checkpoint, stage_index, job_name, early_stop?}."""
    job = event["job"]
    checkpoint = read_checkpoint(job, objects=wiring.objects())
    logger.info("checkpoint_found", extra={"run_id": event["run_id"], "job_name": job["job_name"]})
    kept = {name: job[name] for name in ("job_name", "early_stop") if name in job}
    return {"checkpoint": checkpoint, "stage_index": event["stage_index"], **kept}
