"""The operations of a run as people know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier import names
from atelier.operations.model import Operation

_WHAT = {
    names.APPROVAL: "Approval",
    names.CUSTOM_MODEL: "Custom model",
    names.DEPLOYMENT: "Temporary deployment",
    names.PROMOTION: "Promotion",
}


@dataclass(frozen=True)
class Step:
    """One operation and its time, in seconds since the epoch; `ended_at` is None while it is open."""

    step: str
    what: str
    state: str
    error: str
    started_at: int
    ended_at: int | None


def step_of(row: Operation, run: Mapping[str, Any]) -> Step:
    """A row of the operations table as a step of the run."""
    return Step(
        step=row.step,
        what=_what(row.step, run),
        state=row.state.value,
        error=row.error,
        started_at=row.recorded_at,
        ended_at=row.ended_at,
    )


def _what(step: str, run: Mapping[str, Any]) -> str:
    if step in _WHAT:
        return _WHAT[step]
    if step.startswith("s"):
        stage = run["stages"][int(step[1:])]
        return f"Training: {stage['technique']}, {stage['adaptation']}"
    subject = "candidate" if step.endswith("c") else "baseline"
    return f"Evaluation: {run['evaluation'][int(step[1:-1])]['task']}, {subject}"
