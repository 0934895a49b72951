"""State CreateModel: make a model of the run's target from the candidate's checkpoint, or find it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lambdas import composition
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, checkpoint, task_token}; the result, {model_arn}, comes with the token."""
    operation = composition.target(event).create(
        event["run_id"],
        checkpoint=event["checkpoint"],
        environment=composition.settings(),
        objects=composition.objects(),
    )
    start(event, **asdict(operation))
