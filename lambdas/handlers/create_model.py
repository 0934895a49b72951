"""State CreateModel: make a Bedrock custom model from the candidate's checkpoint, or find it."""

from __future__ import annotations

from typing import Any

from atelier import names
from atelier.operations import deadlines
from atelier.operations.model import OperationKind
from atelier.targets.bedrock_requests import custom_model_request
from lambdas import composition as wiring
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, checkpoint, task_token}; the result, {model_arn}, comes with the token."""
    here = wiring.settings()
    request = custom_model_request(
        event["run_id"],
        checkpoint=event["checkpoint"],
        role_arn=here.model_role_arn,
        key_arn=here.key_arn,
    )
    start(
        event,
        step=names.CUSTOM_MODEL,
        kind=OperationKind.CUSTOM_MODEL,
        request=request,
        within=deadlines.CUSTOM_MODEL,
    )
