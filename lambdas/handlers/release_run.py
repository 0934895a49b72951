"""State ReleaseRun: a run that failed leaves nothing running and nothing behind."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from atelier.targets.teardown import release
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, failure} → {stopped, deleted, restored}."""
    released = release(
        event["run_id"],
        operations=wiring.operations(),
        jobs_of=wiring.jobs_of,
        deployments=wiring.deployments(),
        now=wiring.now(),
    )
    logger.info("run_released", extra={"run_id": event["run_id"], "error": event["failure"]["error"]})
    return asdict(released)
