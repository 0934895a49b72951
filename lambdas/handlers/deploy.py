"""State Deploy: serve the candidate on a temporary deployment, or find it there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lambdas import composition
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, model_arn, task_token}; the result, {deployment_arn}, comes with the token."""
    operation = composition.target(event).deploy(event["run_id"], model_arn=event["model_arn"])
    start(event, **asdict(operation))
