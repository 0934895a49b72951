"""State FindBaseline: what serves now, or the base model; and the checkpoint that the run continues from."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from atelier.runs.parse import parse_run
from atelier.targets.baseline import find_baseline
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {baseline: {source, model, run_id, model_arn}, checkpoint}."""
    run = parse_run(event["run"])
    if run.deployment:
        target = composition.target(event)
        target.require_room(deployments=composition.deployments(target.name))
    start = find_baseline(
        run,
        base_model_path=composition.plan(event).base_model_path,
        deployments_of=composition.deployments,
        objects=composition.objects(),
        bucket=composition.settings().bucket,
    )
    logger.info("baseline_found", extra={"run_id": event["run_id"], "source": start.baseline.source})
    return asdict(start)
