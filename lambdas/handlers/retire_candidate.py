"""State RetireCandidate: the temporary deployment has done its part."""

from __future__ import annotations

import logging
from typing import Any

from atelier.targets.teardown import retire
from lambdas import composition as wiring

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id} → {deleted: [names]}."""
    deleted = retire(event["run_id"], deployments=wiring.deployments())
    logger.info("candidate_retired", extra={"run_id": event["run_id"]})
    return {"deleted": deleted}
