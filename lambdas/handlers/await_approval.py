"""State AwaitApproval: ask a person, and wait for the answer."""

from __future__ import annotations

from typing import Any

from atelier import names
from atelier.gate.decide import Decision
from atelier.operations import deadlines
from atelier.operations.model import APPROVAL
from atelier.report.notice import approval_notice
from atelier.runs.parse import parse_run
from atelier.targets.registry import deployment_cost
from lambdas import composition
from lambdas.waiting_states import start


def handler(event: dict[str, Any], _context: object) -> None:
    """{run_id, run, decision, task_token}; the result, {approved, by, comment}, comes with the token."""
    settings = composition.settings()
    decision = Decision.from_json(event["decision"])
    notice = approval_notice(
        event["run_id"],
        decision,
        environment=settings.environment,
        deployment=deployment_cost(parse_run(event["run"])),
    )
    request = {"TopicArn": settings.topic_arn, "Subject": notice.subject, "Message": notice.message}
    start(event, step=names.APPROVAL, kind=APPROVAL, request=request, seconds=deadlines.APPROVAL)
