"""State Promote: put the candidate's model behind the stable deployment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lambdas import composition
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, model_arn, task_token}; {deployment_arn, previous_model_arn} comes with the token."""
    target, name = composition.target(event), event["run"]["deployment"]["name"]
    operation = target.promote(
        event["run_id"],
        deployment_name=name,
        model_arn=event["model_arn"],
        serving=composition.deployments(target.name).serving_model(name),
    )
    start(event, **asdict(operation))
