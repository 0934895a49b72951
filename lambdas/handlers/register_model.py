"""State RegisterModel: put on record what the candidate was made from, and how good it is."""

from __future__ import annotations

import logging
from typing import Any

from atelier.gate.scores import Scores
from atelier.runs.parse import parse_run
from atelier.runs.subject import CANDIDATE
from atelier.targets.model_record import ModelRecord, write_record
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, checkpoint, scores, decision} → {record_uri}."""
    run = parse_run(event["run"])
    record = ModelRecord(
        run_id=event["run_id"],
        base_model=run.base_model,
        checkpoint=event["checkpoint"],
        adaptation=run.stages[-1].adaptation,
        metrics=Scores.from_results(event["scores"]).values(CANDIDATE),
    )
    uri = write_record(record, objects=composition.objects(), bucket=composition.settings().bucket)
    logger.info("model_registered", extra={"run_id": record.run_id, "record_uri": uri})
    return {"record_uri": uri}
