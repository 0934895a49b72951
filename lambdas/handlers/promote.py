"""State Promote: put the candidate's model behind the stable deployment."""

from __future__ import annotations

from typing import Any

from atelier import names
from atelier.operations import deadlines
from atelier.operations.model import OperationKind
from atelier.targets.bedrock_requests import promotion_request
from lambdas import composition as wiring
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, model_arn, task_token}; {deployment_arn, previous_model_arn} comes with the token."""
    name = event["run"]["deployment"]["name"]
    request = promotion_request(
        event["run_id"],
        deployment_name=name,
        model_arn=event["model_arn"],
        serving=wiring.deployments().serving_model(name),
    )
    start(
        event, step=names.PROMOTION, kind=OperationKind.PROMOTION, request=request, within=deadlines.PROMOTION
    )
