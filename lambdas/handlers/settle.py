"""Function Settle: look at the operations that an event hints at and finish what has ended."""

from __future__ import annotations

from typing import Any

from atelier.operations.sweep import affected_operations, sweep
from lambdas import composition as wiring


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A training-job event, the schedule or {run_id, step?} → {looked_at}."""
    looked_at = sweep(
        affected_operations(event, wiring.operations()),
        operations=wiring.operations(),
        service_of=wiring.service_of,
        logs_of=wiring.jobs_of,
        tokens=wiring.task_tokens(),
        now=wiring.now(),
    )
    return {"looked_at": looked_at}
