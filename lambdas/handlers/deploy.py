"""State Deploy: put the candidate on a temporary deployment, or find it there."""

from __future__ import annotations

from typing import Any

from atelier import names
from atelier.operations import deadlines
from atelier.operations.model import OperationKind
from atelier.targets.bedrock_requests import deployment_request
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, model_arn, task_token}; the result, {deployment_arn}, comes with the token."""
    request = deployment_request(event["run_id"], model_arn=event["model_arn"])
    start(
        event,
        step=names.DEPLOYMENT,
        kind=OperationKind.DEPLOYMENT,
        request=request,
        within=deadlines.DEPLOYMENT,
    )
