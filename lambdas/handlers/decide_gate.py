"""State DecideGate: hold the candidate to the run's rules."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from atelier.gate.decide import decide
from atelier.gate.scores import Scores
from atelier.runs.parse import parse_run

logger = logging.getLogger(__name__)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, run, scores} → {passed, rules: [{rule, metric, candidate, baseline, …}]}."""
    decision = decide(parse_run(event["run"]).gate, Scores.from_results(event["scores"]))
    logger.info("gate_decided", extra={"run_id": event["run_id"], "passed": decision.passed})
    return asdict(decision)
