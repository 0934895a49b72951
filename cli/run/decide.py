"""A person's decision on a run that waits for approval."""

from __future__ import annotations

from cli.console import out
from cli.failure import CommandFailed
from client.pipeline import PipelineClient


def decide(line: PipelineClient, run: str, *, approved: bool, comment: str) -> None:
    """Record the decision and let `settle` act on it at once. CommandFailed when another decision stands."""
    run_id = line.run_id(run)
    stands = line.operations.decide(run_id, approved=approved, by=line.caller(), comment=comment)
    if stands["approved"] != approved:
        verdict = "approved" if stands["approved"] else "rejected"
        raise CommandFailed(f"{run_id} was {verdict} before, by {stands['by']}")
    line.reconcile_now(run_id)
    out.print(f"{run_id} {'approved' if approved else 'rejected'} by {stands['by']}", soft_wrap=True)
