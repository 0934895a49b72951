"""State SmokeTest: send the scenarios to the deployed candidate."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from typing import Any

from atelier.runs.parse import parse_run
from atelier.targets.scenarios import scenarios_of
from atelier.targets.smoke_test import smoke_test
from lambdas import composition

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, deployment_arn} → {healthy, reason, replies: [{prompt, reply, latency_ms, problem}]}."""
    scenarios = scenarios_of(parse_run(event["run"]), composition.objects())
    result = smoke_test(
        event["deployment_arn"],
        scenarios,
        deployments=composition.deployments(composition.target(event).name),
        clock=time.monotonic,
    )
    logger.info("smoke_tested", extra={"run_id": event["run_id"], "healthy": result.healthy})
    return asdict(result)
