"""State RetireCandidate: delete the temporary deployment, which is no longer needed."""

from __future__ import annotations

import logging
from typing import Any

from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run} → {deleted: [names]}."""
    target = composition.target(event)
    deleted = target.retire(
        event["run_id"],
        deployment_name=event["run"]["deployment"]["name"],
        deployments=composition.deployments(target.name),
    )
    logger.info("candidate_retired", extra={"run_id": event["run_id"]})
    return {"deleted": deleted}
