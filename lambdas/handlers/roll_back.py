"""State RollBack: a candidate that failed its smoke test goes; what served before stays."""

from __future__ import annotations

import logging
from typing import Any

from atelier.targets.teardown import teardown
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {deleted, restored}."""
    result = teardown(
        event["run_id"],
        operations=composition.operations(),
        jobs_of=composition.jobs_of,
        deployments_of=composition.deployments,
        now=composition.now(),
    )
    logger.info("run_rolled_back", extra={"run_id": event["run_id"]})
    return {"deleted": result.deleted, "restored": result.restored}
