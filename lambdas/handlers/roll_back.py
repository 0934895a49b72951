"""State RollBack: a candidate that failed its smoke test goes; what served before stays."""

from __future__ import annotations

import logging
from typing import Any

from atelier.targets.teardown import release
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {deleted, restored}."""
    released = release(
        event["run_id"],
        operations=wiring.operations(),
        jobs_of=wiring.jobs_of,
        deployments=wiring.deployments(),
        now=wiring.now(),
    )
    logger.info("run_rolled_back", extra={"run_id": event["run_id"]})
    return {"deleted": released.deleted, "restored": released.restored}
