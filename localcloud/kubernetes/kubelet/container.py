"""What a container of a pod is doing, as `containerStatuses` says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from localcloud.kubernetes.kubelet.process import Process
from localcloud.kubernetes.objects import now

RESTART_FACTOR = 2


@dataclass
class Container:
    """One container over all its starts."""

    spec: dict[str, Any]
    attempts: int = 0
    process: Process | None = None
    state: dict[str, Any] = field(default_factory=dict)
    last_state: dict[str, Any] = field(default_factory=dict)
    restart_at: float | None = None

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def restarts(self) -> int:
        return max(0, self.attempts - 1)

    @property
    def exit_code(self) -> int | None:
        """None unless its last start has ended and none follows."""
        terminated = self.state.get("terminated")
        return None if terminated is None else int(terminated["exitCode"])

    def wait_for(self, reason: str, message: str = "") -> None:
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}

    def run(self, process: Process) -> None:
        self.process, self.restart_at = process, None
        self.state = {"running": {"startedAt": now()}}

    def end(self, code: int, reason: str = "", message: str = "") -> None:
        """The process has ended, or could not begin."""
        started = self.state.get("running", {}).get("startedAt", now())
        self.process = None
        self.state = {
            "terminated": {
                "exitCode": code,
                "reason": reason or ("Completed" if code == 0 else "Error"),
                "startedAt": started,
                "finishedAt": now(),
                **({"message": message} if message else {}),
            }
        }

    def back_off(self, seconds: float, at: float, pod: str) -> None:
        """Wait for the next start; what ended becomes the last state."""
        self.last_state, self.restart_at = self.state, at
        why = f"back-off {seconds:g}s restarting failed container={self.name} pod={pod}"
        self.wait_for("CrashLoopBackOff", why)

    def status(self) -> dict[str, Any]:
        is_running = "running" in self.state
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": self.spec["image"]
            if self.process or self.last_state or self.exit_code is not None
            else "",
            "ready": is_running,
            "started": is_running,
            "restartCount": self.restarts,
            "state": self.state or {"waiting": {"reason": "ContainerCreating"}},
            "lastState": self.last_state,
        }


def should_restart(policy: str, code: int) -> bool:
    return policy == "Always" or (policy == "OnFailure" and code != 0)
