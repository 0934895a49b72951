"""Function Settle: look at the operations that an event hints at and finish what has ended."""

from __future__ import annotations

from typing import Any

from atelier.operations.sweep import affected_operations, sweep
from lambdas import composition


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """A training-job event, the schedule or {run_id, step?} → {looked_at}."""
    looked_at = sweep(
        affected_operations(event, composition.operations()),
        operations=composition.operations(),
        service_of=composition.service_of,
        logs_of=composition.jobs_of,
        tokens=composition.task_tokens(),
        now=composition.now(),
    )
    return {"looked_at": looked_at}
