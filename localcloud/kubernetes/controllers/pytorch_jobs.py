"""kubeflow.org/v1 PyTorchJob: a Master and Workers, as Kubeflow's training operator runs them.

Source: github.com/kubeflow/training-operator v1.8, pkg/controller.v1/{common,pytorch}. Left out: services,
suspension, elastic policy and gang scheduling.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.controllers import conditions
from localcloud.kubernetes.controllers.replicas import (
    Rank,
    Rendezvous,
    clean,
    create_pod,
    delete_pods,
    exit_codes,
    meeting_port,
    pods_of,
    restarts,
)
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
from localcloud.kubernetes.store import Event

TIME_FIELD = "lastUpdateTime"
LABEL = "training.kubeflow.org"
# Of restart policy ExitCode: signals and what the user reserves above them are worth another try.
FIRST_RETRYABLE_EXIT_CODE = 128
_COUNTED = {"Running": "active", "Succeeded": "succeeded", "Failed": "failed"}


class PyTorchJobs:
    """The controller of PyTorchJobs."""

    def __init__(self, verbs: Verbs, recorder: Recorder) -> None:
        self._verbs = verbs
        self._store = verbs.store
        self._recorder = recorder

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.key.resource is resources.PYTORCH_JOBS:
            yield event.key
        elif event.key.resource is resources.PODS:
            owner = controller_of(event.object) or {}
            if owner.get("kind") == resources.PYTORCH_JOBS.kind:
                yield Key(resources.PYTORCH_JOBS, event.key.namespace, owner["name"])

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
                self._say(job, status, "Created", f"PyTorchJob {key.name} is created.")
            why = _limit_exceeded(job, status, pods)
            if why:
                delete_pods(self._verbs, pods)
                self._say(job, status, "Failed", f"PyTorchJob {key.name} {why}")
            else:
                self._follow(job, status, pods)
            self._verbs.set_status(key, job["metadata"]["uid"], status)
            return _until_deadline(job, status)

    def _follow(self, job: Object, status: dict[str, Any], pods: list[Object]) -> None:
        """Make the pods that are missing, replace those to be retried, and say what all of them come to."""
        by_name = {pod["metadata"]["name"]: pod for pod in pods}
        ranks = _ranks(job)
        meeting = Rendezvous(meeting_port(pods), len(ranks), str(job["spec"].get("nprocPerNode", "1")))
        for rank in ranks:
            pod = by_name.get(rank.name)
            if pod is None:
                create_pod(self._verbs, job, rank, _labels(job, rank), meeting)
            elif _is_retryable(job, rank, pod):
                delete_pods(self._verbs, [pod])
        counted: dict[str, Counter[str]] = {
            name: Counter({"active": 0, "succeeded": 0, "failed": 0})
            for name in job["spec"]["pytorchReplicaSpecs"]
        }
        for rank in ranks:
            pod = by_name.get(rank.name)
            if pod is not None and phase(pod) in _COUNTED:
                counted[rank.replica][_COUNTED[phase(pod)]] += 1
        status["replicaStatuses"] = {name: dict(counts) for name, counts in counted.items()}
        self._judge(job, status, counted)

    def _judge(self, job: Object, status: dict[str, Any], counted: dict[str, Counter[str]]) -> None:
        """The job is its master; without one, all its workers. Any replica that failed fails it."""
        name = job["metadata"]["name"]
        replicas = job["spec"]["pytorchReplicaSpecs"]
        decisive = "Master" if "Master" in replicas else "Worker"
        if counted[decisive]["succeeded"] == replicas[decisive]["replicas"]:
            self._say(job, status, "Succeeded", f"PyTorchJob {name} is successfully completed.")
            return
        if counted[decisive]["active"]:
            self._say(job, status, "Running", f"PyTorchJob {name} is running.")
        for replica, counts in counted.items():
            if not counts["failed"]:
                continue
            why = f"because {counts['failed']} {replica} replica(s) failed."
            if replicas[replica]["restartPolicy"] == "ExitCode" and self._retries(job, replica):
                self._say(job, status, "Restarting", f"PyTorchJob {name} is restarting {why}")
            else:
                self._say(job, status, "Failed", f"PyTorchJob {name} is failed {why}")
                return

    def _retries(self, job: Object, replica: str) -> bool:
        """Whether every failed pod of the replica is one that will be replaced."""
        by_name = {pod["metadata"]["name"]: pod for pod in pods_of(self._verbs, job)}
        failed = [
            (rank, by_name[rank.name])
            for rank in _ranks(job)
            if rank.replica == replica and rank.name in by_name and phase(by_name[rank.name]) == "Failed"
        ]
        return all(_is_retryable(job, rank, pod) for rank, pod in failed)

    def _say(self, job: Object, status: dict[str, Any], kind: str, message: str) -> None:
        if conditions.holds(status, kind):
            return
        reason = f"PyTorchJob{kind}"
        if kind in ("Succeeded", "Failed"):
            status["completionTime"] = now()
        conditions.add(status, kind, reason, message, time_field=TIME_FIELD)
        self._recorder.record(job, "Warning" if kind == "Restarting" else "Normal", reason, message)

    def _after(self, key: Key, job: Object, status: dict[str, Any], pods: list[Object]) -> float | None:
        """A finished job cleans up its pods, and after a while itself."""
        policy = job["spec"].get("runPolicy") or {}
        clean(self._verbs, pods, policy.get("cleanPodPolicy", "None"))
        if conditions.holds(status, "Succeeded"):
            for counts in status.get("replicaStatuses", {}).values():
                counts |= {"succeeded": counts["succeeded"] + counts["active"], "active": 0}
            self._verbs.set_status(key, job["metadata"]["uid"], status)
        lifetime = policy.get("ttlSecondsAfterFinished")
        if lifetime is None:
            return None
        left = float(lifetime) - seconds_since(status["completionTime"])
        if left > 0:
            return left
        self._verbs.delete(key)
        return None


def _ranks(job: Object) -> list[Rank]:
    """The pods a job should have; the master is rank 0."""
    ranks: list[Rank] = []
    replicas = job["spec"]["pytorchReplicaSpecs"]
    for replica in (name for name in ("Master", "Worker") if name in replicas):
        policy = replicas[replica]["restartPolicy"]
        for index in range(replicas[replica]["replicas"]):
            name = f"{job['metadata']['name']}-{replica.lower()}-{index}"
            pod_policy = "Never" if policy == "ExitCode" else policy
            ranks.append(Rank(name, replica, index, len(ranks), replicas[replica]["template"], pod_policy))
    return ranks


def _labels(job: Object, rank: Rank) -> dict[str, str]:
    carried = {
        f"{LABEL}/operator-name": "pytorchjob-controller",
        f"{LABEL}/job-name": job["metadata"]["name"],
        f"{LABEL}/replica-type": rank.replica.lower(),
        f"{LABEL}/replica-index": str(rank.index),
    }
    return carried | ({f"{LABEL}/job-role": "master"} if rank.rank == 0 else {})


def _is_retryable(job: Object, rank: Rank, pod: Object) -> bool:
    if job["spec"]["pytorchReplicaSpecs"][rank.replica]["restartPolicy"] != "ExitCode":
        return False
    codes = [code for code in exit_codes(pod) if code]
    return phase(pod) == "Failed" and bool(codes) and min(codes) >= FIRST_RETRYABLE_EXIT_CODE


def _limit_exceeded(job: Object, status: dict[str, Any], pods: list[Object]) -> str:
    """Why the job may not go on; empty when it may."""
    policy = job["spec"].get("runPolicy") or {}
    limit, seconds = policy.get("backoffLimit"), policy.get("activeDeadlineSeconds")
    if limit is not None:
        restarted = sum(restarts(pod) for pod in pods if phase(pod) == "Running")
        if restarted >= max(1, limit):
            return "has failed because it has reached the specified backoff limit"
    if seconds is not None and seconds_since(status["startTime"]) >= seconds:
        return "has failed because it was active longer than specified deadline"
    return ""


def _until_deadline(job: Object, status: dict[str, Any]) -> float | None:
    seconds = (job["spec"].get("runPolicy") or {}).get("activeDeadlineSeconds")
    if seconds is None or conditions.is_finished(status):
        return None
    return max(0.1, float(seconds) - seconds_since(status["startTime"]))
