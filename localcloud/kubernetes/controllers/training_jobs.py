"""What the operators of both kinds of training job do alike: begin, bound, finish and clean up."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.controllers import conditions
from localcloud.kubernetes.controllers.replicas import clean, delete_pods, pods_of, restarts
from localcloud.kubernetes.objects import (
    Key,
    Object,
    controller_of,
    is_terminating,
    now,
    phase,
    seconds_since,
)
from localcloud.kubernetes.recorder import Recorder
from localcloud.kubernetes.resources import Resource
from localcloud.kubernetes.store import Event


class TrainingJobs(ABC):
    """A controller of one kind of training job. `time_field` is what its conditions call their last look."""

    resource: ClassVar[Resource]
    time_field: ClassVar[str]
    default_clean_pod_policy: ClassVar[str]

    def __init__(self, verbs: Verbs, recorder: Recorder) -> None:
        self._verbs = verbs
        self._store = verbs.store
        self._recorder = recorder

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.key.resource is self.resource:
            yield event.key
        elif event.key.resource is resources.PODS:
            owner = controller_of(event.object) or {}
            if owner.get("kind") == self.resource.kind:
                yield Key(self.resource, event.key.namespace, owner["name"])

    def reconcile(self, key: Key) -> float | None:
        with self._store.lock:
            job = self._store.get(key)
            if job is None or is_terminating(job):
                return None
            status = copy.deepcopy(job.get("status") or {})
            pods = pods_of(self._verbs, job)
            if conditions.is_finished(status):
                return self._after(key, job, status, pods)
            if "startTime" not in status:
                status["startTime"] = now()
                self._say(job, status, "Created", "is created.")
            why = _limit_exceeded(job, status, pods)
            if why:
                delete_pods(self._verbs, pods)
                self._say(job, status, "Failed", why)
            else:
                self._follow(job, status, pods)
            self._verbs.set_status(key, job["metadata"]["uid"], status)
            return _until_deadline(job, status)

    @abstractmethod
    def _follow(self, job: Object, status: dict[str, Any], pods: list[Object]) -> None:
        """Make the pods that are missing, and write into the status what all of them come to."""

    def _lifetime(self, policy: dict[str, Any]) -> int | None:
        """Seconds a finished job stays; None for ever."""
        return policy.get("ttlSecondsAfterFinished")

    def _say(self, job: Object, status: dict[str, Any], kind: str, what: str) -> None:
        """Make a condition true and record it, unless it is true already."""
        if conditions.holds(status, kind):
            return
        reason, message = f"{self.resource.kind}{kind}", f"{job['kind']} {job['metadata']['name']} {what}"
        if kind in ("Succeeded", "Failed"):
            status["completionTime"] = now()
        conditions.add(status, kind, reason, message, time_field=self.time_field)
        self._recorder.record(job, "Warning" if kind == "Restarting" else "Normal", reason, message)

    def _after(self, key: Key, job: Object, status: dict[str, Any], pods: list[Object]) -> float | None:
        """A finished job cleans up its pods, and after a while itself."""
        policy = run_policy(job)
        clean(self._verbs, pods, policy.get("cleanPodPolicy", self.default_clean_pod_policy))
        self._verbs.set_status(key, job["metadata"]["uid"], status)
        lifetime = self._lifetime(policy)
        if lifetime is None:
            return None
        left = lifetime - seconds_since(status["completionTime"])
        if left > 0:
            return left
        self._verbs.delete(key)
        return None


def run_policy(job: Object) -> dict[str, Any]:
    return job["spec"].get("runPolicy") or {}


def _limit_exceeded(job: Object, status: dict[str, Any], pods: list[Object]) -> str:
    """Why the job may not go on; empty when it may."""
    policy = run_policy(job)
    limit, seconds = policy.get("backoffLimit"), policy.get("activeDeadlineSeconds")
    restarted = sum(restarts(pod) for pod in pods if phase(pod) == "Running")
    if limit is not None and restarted >= max(1, limit):
        return "has failed because it has reached the specified backoff limit"
    if seconds is not None and seconds_since(status["startTime"]) >= seconds:
        return "has failed because it was active longer than specified deadline"
    return ""


def _until_deadline(job: Object, status: dict[str, Any]) -> float | None:
    seconds = run_policy(job).get("activeDeadlineSeconds")
    if seconds is None or conditions.is_finished(status):
        return None
    # Times are whole seconds: looked at on the second, the deadline may be a moment away.
    return max(0.1, float(seconds) - seconds_since(status["startTime"]))
