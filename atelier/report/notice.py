"""Messages for the environment's SNS topic: a question before a deployment, and the end of a run.

SNS takes a subject of at most 100 ASCII characters; run ids and statuses are ASCII and shorter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from atelier.gate.decide import Decision


@dataclass(frozen=True)
class Notice:
    """One message, in plain text."""

    subject: str
    message: str


def approval_notice(
    run_id: str, decision: Decision, *, environment: str, deployment: str | None = None
) -> Notice:
    """Asks a person to approve what passed the gate, with the numbers and the two commands.

    `deployment` says where the candidate would serve and what that costs.
    """
    lines = [
        f"Run {run_id} passed its gate and waits for your approval.",
        "",
        *gate_lines(decision),
        *(["", deployment] if deployment else []),
        "",
        f"Approve: atelier approve {run_id} --env {environment}",
        f"Reject:  atelier reject {run_id} --env {environment}",
    ]
    return Notice(f"Atelier: {run_id} waits for approval", "\n".join(lines))


def end_notice(
    run_id: str, status: str, *, sentence: str, decision: Decision | None, report_uri: str
) -> Notice:
    """Tells how a run ended and where its report is."""
    rules = ["", *gate_lines(decision)] if decision else []
    lines = [f"Run {run_id} ended: {status}.", sentence, *rules, "", f"Report: {report_uri}"]
    return Notice(f"Atelier: {run_id} {status}", "\n".join(lines))


def gate_lines(decision: Decision) -> Iterable[str]:
    """The gate's rules, one a line."""
    return [f"{'passed' if rule.passed else 'FAILED'}  {rule.reason}" for rule in decision.rules]
