"""A person's decision on a run that waits for approval."""

from __future__ import annotations

from cli.console import out
from client.pipeline import PipelineClient


def decide(pipeline: PipelineClient, run: str, *, approved: bool, comment: str) -> None:
    """Record the decision, act on it at once, and print it."""
    run_id = pipeline.run_id(run)
    decision = pipeline.decide(run_id, approved=approved, comment=comment)
    out.print(f"{run_id} {'approved' if approved else 'rejected'} by {decision['by']}", soft_wrap=True)
