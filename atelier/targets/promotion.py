"""What a promotion may replace."""

from __future__ import annotations

from atelier.errors import Superseded


def superseded(deployment_name: str, *, serving: str | None, compared_with: str | None) -> Superseded:
    """The error of a promotion over another model than the gate compared the candidate with (ARNs)."""
    return Superseded(
        f"deployment {deployment_name} serves {serving or 'nothing'} now; the gate compared the candidate "
        f"with {compared_with or 'the base model'}. Start the run again, to compare with what serves now"
    )
