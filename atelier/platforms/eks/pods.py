"""The status of a job's pods: whether the job can continue, and why not.

Source: Kubernetes API reference (PodStatus, ContainerStatus) and the reasons of kubelet and scheduler.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from atelier.errors import AtelierError, CapacityUnavailable, JobFailed, RequestRefused

Pod = Mapping[str, Any]

# A container that failed three times is expected to fail again.
_RESTARTS_ALLOWED = 3
# Failures of registries and mounts may be temporary; longer ones count as permanent.
_START_SECONDS = 600
_IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"})
_NEVER_REASONS = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})


@dataclass(frozen=True)
class Trouble:
    """Why a job cannot continue: an error of atelier/errors.py and a message for people."""

    error: type[AtelierError]
    cause: str


def trouble_of(pods: Sequence[Pod], *, now: int, start_within_seconds: int) -> Trouble | None:
    """A permanent problem of the pods; None if there is none. `now` in seconds since the epoch."""
    for pod in pods:
        found = _unstartable(pod, now) or _crashing(pod) or _unschedulable(pod, now, start_within_seconds)
        if found:
            return found
    return None


def endings(pods: Sequence[Pod]) -> list[str]:
    """How failed containers and pods ended: `pod x: container y ended: OOMKilled, …`."""
    return [ending for pod in pods for ending in _endings(pod)]


def summary(pods: Sequence[Pod]) -> str:
    """One line for people: the number of running pods, and why the others wait."""
    if not pods:
        return "no pods yet"
    running = sum(pod["status"].get("phase") == "Running" for pod in pods)
    counted = f"{running} of {len(pods)} pods run"
    notes = [note for pod in pods if (note := _note(pod))]
    return "; ".join([counted, *dict.fromkeys(notes)])


def seconds_since(moment: str | None, now: int) -> float:
    """Seconds from an RFC 3339 time to now; 0 when it is not known."""
    return 0.0 if not moment else now - datetime.fromisoformat(moment).timestamp()


def _unstartable(pod: Pod, now: int) -> Trouble | None:
    for container in _containers(pod):
        waiting = container.get("state", {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        since = pod["status"].get("startTime") or pod["metadata"].get("creationTimestamp")
        lasts = seconds_since(since, now) >= _START_SECONDS
        what = f"{_name(pod)}: container {container['name']}"
        if reason in _NEVER_REASONS or (reason in _IMAGE_REASONS and lasts):
            image = container.get("image", "its image")
            return Trouble(RequestRefused, f"{what} cannot pull {image}: {_reason(reason, message)}")
        if reason in _CONFIG_REASONS and lasts:
            return Trouble(RequestRefused, f"{what} cannot be created: {_reason(reason, message)}")
    return None


def _crashing(pod: Pod) -> Trouble | None:
    for container in _containers(pod):
        waiting = container.get("state", {}).get("waiting") or {}
        restarts = container.get("restartCount", 0)
        if waiting.get("reason") == "CrashLoopBackOff" and restarts >= _RESTARTS_ALLOWED:
            ended = _ended(container) or "no reason given"
            return Trouble(
                JobFailed,
                f"{_name(pod)}: container {container['name']} failed {restarts} times, last: {ended}",
            )
    return None


def _unschedulable(pod: Pod, now: int, start_within_seconds: int) -> Trouble | None:
    condition = _without_node(pod)
    if condition is None:
        return None
    since = condition.get("lastTransitionTime") or pod["metadata"].get("creationTimestamp")
    if seconds_since(since, now) < start_within_seconds:
        return None
    return Trouble(
        CapacityUnavailable,
        f"{_name(pod)} got no node within {start_within_seconds} s: "
        + _reason(condition.get("reason", ""), condition.get("message", "")),
    )


def _without_node(pod: Pod) -> Mapping[str, Any] | None:
    """The condition with which the scheduler reports that no node fits the pod."""
    for condition in pod["status"].get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return dict(condition)
    return None


def _endings(pod: Pod) -> Iterator[str]:
    status = pod["status"]
    # An eviction by kubelet and a preemption by the scheduler are recorded in the pod's own status.
    if status.get("phase") == "Failed" and status.get("reason"):
        yield f"{_name(pod)} was ended by the cluster: {_reason(status['reason'], status.get('message', ''))}"
    for container in _containers(pod):
        ended = _ended(container)
        if ended:
            yield f"{_name(pod)}: container {container['name']} ended: {ended}"


def _ended(container: Mapping[str, Any]) -> str:
    """`OOMKilled, exit code 137: message`; empty if no run of the container has failed."""
    for state in ("state", "lastState"):
        ended = (container.get(state) or {}).get("terminated")
        if ended and ended.get("exitCode") != 0:
            reason, message = ended.get("reason", "Error"), ended.get("message", "")
            if reason == "OOMKilled":
                reason = "OOMKilled (it exceeded its memory limit)"
            return _reason(f"{reason}, exit code {ended.get('exitCode')}", message)
    return ""


def _note(pod: Pod) -> str:
    """Why a pod does not run, or why it restarted."""
    condition = _without_node(pod)
    if condition:
        return (
            f"{_name(pod)} has no node: {_reason(condition.get('reason', ''), condition.get('message', ''))}"
        )
    for container in _containers(pod):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] not in ("PodInitializing", "ContainerCreating"):
            return f"{_name(pod)} waits: {_reason(waiting['reason'], waiting.get('message', ''))}"
        if container.get("restartCount"):
            why = _ended(container) or "no reason given"
            return f"{_name(pod)} restarted {container['restartCount']} times: {why}"
    return ""


def _containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    yield from pod["status"].get("initContainerStatuses") or []
    yield from pod["status"].get("containerStatuses") or []


def _reason(reason: str, message: str) -> str:
    return ": ".join(filter(None, (reason, " ".join(str(message).split()))))


def _name(pod: Pod) -> str:
    return f"pod {pod['metadata']['name']}"
