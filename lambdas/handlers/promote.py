"""State Promote: put the candidate's model behind the stable deployment."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lambdas import composition
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, model_arn, baseline, task_token}; the token has {deployment_arn, previous_model_arn}."""
    target, name = composition.target(event), event["run"]["deployment"]["name"]
    if "baseline" in event:
        compared_with = event["baseline"]["model_arn"]
    else:
        # An execution that began before the baseline was part of the state's input.
        serving = composition.deployments(target.name).serving_model(name)
        compared_with = serving.model_arn if serving else None
    operation = target.promote(
        event["run_id"],
        deployment_name=name,
        model_arn=event["model_arn"],
        compared_with=compared_with,
    )
    start(event, **asdict(operation))
