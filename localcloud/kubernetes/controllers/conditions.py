"""The conditions of training jobs, as Kubeflow's training operator keeps them.

Running and Restarting replace each other; Succeeded and Failed make Running false; a condition that says the
same again keeps its time. Source: github.com/kubeflow/training-operator, pkg/util/status.go.
"""

from __future__ import annotations

from typing import Any

from localcloud.kubernetes.objects import now

Condition = dict[str, Any]
_REPLACES = {"Running": "Restarting", "Restarting": "Running"}
_FINISHED = ("Succeeded", "Failed")


def holds(status: dict[str, Any], kind: str) -> bool:
    """Whether the condition is true."""
    return any(each["type"] == kind and each["status"] == "True" for each in status.get("conditions") or [])


def is_finished(status: dict[str, Any]) -> bool:
    return any(holds(status, kind) for kind in _FINISHED)


def add(status: dict[str, Any], kind: str, reason: str, message: str, *, time_field: str) -> None:
    """Make a condition true, in place. `time_field` is what the kind calls the time of the last look."""
    conditions: list[Condition] = status.setdefault("conditions", [])
    before = next((each for each in conditions if each["type"] == kind), None)
    if before is not None and (before["status"], before["reason"]) == ("True", reason):
        return
    time = now()
    kept = [each for each in conditions if each["type"] not in (kind, _REPLACES.get(kind))]
    if kind in _FINISHED:
        kept = [_ended(each, time) if each["type"] == "Running" else each for each in kept]
    condition = {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": message,
        time_field: time,
        "lastTransitionTime": time,
    }
    status["conditions"] = [*kept, condition]


def _ended(condition: Condition, time: str) -> Condition:
    return {**condition, "status": "False", "lastTransitionTime": time}
