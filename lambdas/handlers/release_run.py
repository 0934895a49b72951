"""State ReleaseRun: a run that failed leaves nothing running and nothing behind."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from atelier.targets.teardown import teardown
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, failure} → {stopped, deleted, restored}."""
    result = teardown(
        event["run_id"],
        operations=composition.operations(),
        jobs_of=composition.jobs_of,
        deployments_of=composition.deployments,
        now=composition.now(),
    )
    logger.info("run_released", extra={"run_id": event["run_id"], "error": event["failure"]["error"]})
    return asdict(result)
