"""What a pod on this node is doing, as its status says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localcloud.kubernetes.kubelet.container import Container
from localcloud.kubernetes.objects import now

LOOPBACK = "127.0.0.1"


def pod_phase(containers: Sequence[Container]) -> str:
    """The phase of a pod whose init containers have succeeded."""
    codes = [container.exit_code for container in containers]
    if any(code is None for code in codes):
        begun = any(
            "running" in each.state or each.last_state or each.exit_code is not None for each in containers
        )
        return "Running" if begun else "Pending"
    return "Succeeded" if all(code == 0 for code in codes) else "Failed"


def pod_status(
    before: dict[str, Any],
    started: str,
    init: Sequence[Container],
    containers: Sequence[Container],
    ended: dict[str, str],
) -> dict[str, Any]:
    """The whole status, given the one before; `ended` holds phase, reason and message if they are decided."""
    initialised = all(each.exit_code == 0 for each in init)
    ready = initialised and all("running" in each.state for each in containers)
    conditions = {each["type"]: each for each in before.get("conditions") or []}
    scheduled = [conditions["PodScheduled"]] if "PodScheduled" in conditions else []
    facts = {"Initialized": initialised, "ContainersReady": ready, "Ready": ready}
    return {
        "phase": pod_phase(containers) if initialised else "Pending",
        "conditions": scheduled
        + [_condition(name, holds, conditions.get(name)) for name, holds in facts.items()],
        "startTime": started,
        "hostIP": LOOPBACK,
        "podIP": LOOPBACK,
        "podIPs": [{"ip": LOOPBACK}],
        "qosClass": "Burstable",
        "containerStatuses": [each.status() for each in containers],
        **({"initContainerStatuses": [each.status() for each in init]} if init else {}),
        **ended,
    }


def _condition(kind: str, holds: bool, before: dict[str, Any] | None) -> dict[str, Any]:
    """A condition that keeps the time of its last change."""
    status = "True" if holds else "False"
    time = before["lastTransitionTime"] if before and before["status"] == status else now()
    return {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": time}
