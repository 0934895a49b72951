"""State ReadCheckpoint: find what a stage made, a checkpoint or after a distillation a dataset."""

from __future__ import annotations

import logging
from typing import Any

from atelier.outputs.stage_output import read_outcome
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, stage_index, job, checkpoint} → {checkpoint, stage_index, job_name, …} of a stage."""
    outcome = read_outcome(
        composition.plan(event).stages[event["stage_index"]],
        stage_index=event["stage_index"],
        job=event["job"],
        checkpoint=event["checkpoint"],
        objects=composition.objects(),
    )
    logger.info("checkpoint_found", extra={"run_id": event["run_id"], "job_name": outcome["job_name"]})
    return outcome
