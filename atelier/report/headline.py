"""How a run ended, in one sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atelier.gate.decide import Decision


def headline(event: Mapping[str, Any], decision: Decision | None) -> str:
    """The summary of PublishReport's event."""
    gate = decision.sentence if decision else ""
    match event["status"]:
        case "PROMOTED":
            name = event["run"]["deployment"]["name"]
            return f"{name} now serves the candidate. {gate}".strip()
        case "ACCEPTED":
            return f"The candidate is accepted; the run asks for no deployment. {gate}".strip()
        case "ROLLED_BACK":
            return f"Nothing was promoted, because the smoke test failed: {event['smoke_test']['reason']}."
        case "SUPERSEDED":
            return f"Nothing was promoted: {event['failure']['cause']}."
        case "REJECTED" if (event["approval"] or {}).get("approved") is False:
            return f"{event['approval']['by']} rejected the candidate{_quoted(event['approval']['comment'])}."
        case "REJECTED":
            return gate
    failure = event["failure"] or {"error": "Unknown", "cause": "no cause was reported"}
    return f"{failure['error']}: {failure['cause']}"


def _quoted(comment: str) -> str:
    return f": {comment}" if comment else ""
