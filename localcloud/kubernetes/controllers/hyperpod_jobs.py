"""sagemaker.amazonaws.com/v1 HyperPodPyTorchJob: replica groups that succeed, fail and restart as one job.

Fields, labels and status are those of AWS's HyperPod SDK, which refuses status fields it does not know
(sagemaker-hyperpod 3.12, training/config/hyperpod_pytorch_job_unified_config.py). How the operator behaves is
published nowhere: the conditions follow Kubeflow's. Left out: elastic scaling, log monitoring, spares, Kueue
admission, and restarts of ranks inside a pod.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.controllers import conditions
from localcloud.kubernetes.controllers.replicas import (
    MASTER_ADDRESS,
    Rank,
    Rendezvous,
    clean,
    create_pod,
    delete_pods,
    meeting_port,
    pods_of,
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

TIME_FIELD = "lastProbeTime"
LABEL = "HPJob"
DEFAULT_CLEAN_POD_POLICY = "All"


class HyperPodJobs:
    """The controller of HyperPodPyTorchJobs."""

    def __init__(self, verbs: Verbs, recorder: Recorder) -> None:
        self._verbs = verbs
        self._store = verbs.store
        self._recorder = recorder

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.key.resource is resources.HYPERPOD_JOBS:
            yield event.key
        elif event.key.resource is resources.PODS:
            owner = controller_of(event.object) or {}
            if owner.get("kind") == resources.HYPERPOD_JOBS.kind:
                yield Key(resources.HYPERPOD_JOBS, event.key.namespace, owner["name"])

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
                status |= {"startTime": now(), "restartCount": 0}
                self._say(job, status, "Created", f"HyperPodPyTorchJob {key.name} is created.")
            seconds = (job["spec"].get("runPolicy") or {}).get("activeDeadlineSeconds")
            left = None if seconds is None else float(seconds) - seconds_since(status["startTime"])
            if left is not None and left <= 0:
                delete_pods(self._verbs, pods)
                message = f"HyperPodPyTorchJob {key.name} was active longer than {seconds} s."
                self._say(job, status, "Failed", message)
            else:
                self._follow(job, status, pods)
            self._verbs.set_status(key, job["metadata"]["uid"], status)
            return left if left is not None and left > 0 else None

    def _follow(self, job: Object, status: dict[str, Any], pods: list[Object]) -> None:
        name = job["metadata"]["name"]
        if any(is_terminating(pod) for pod in pods):
            # A restart begins with none of the pods of the last try.
            return
        ranks = _ranks(job)
        port = meeting_port(pods)
        meeting = Rendezvous(port, len(ranks), str(job["spec"].get("nprocPerNode", "auto")))
        there = {pod["metadata"]["name"] for pod in pods}
        for rank in ranks:
            if rank.name not in there:
                create_pod(self._verbs, job, rank, {LABEL: name, f"{LABEL}-replica": rank.replica}, meeting)
        status |= {
            "masterAddr": MASTER_ADDRESS,
            "masterPort": str(port),
            "jobPods": [_reference(pod) for pod in pods],
        }
        phases = [phase(pod) for pod in pods]
        failed = [pod["metadata"]["name"] for pod in pods if phase(pod) == "Failed"]
        if failed:
            self._fail_or_restart(job, status, pods, failed)
        elif len(pods) == len(ranks) and all(each == "Succeeded" for each in phases):
            self._say(job, status, "Succeeded", f"HyperPodPyTorchJob {name} is successfully completed.")
        elif len(pods) == len(ranks) and all(each in ("Running", "Succeeded") for each in phases):
            self._say(job, status, "Running", f"HyperPodPyTorchJob {name} is running.")

    def _fail_or_restart(
        self, job: Object, status: dict[str, Any], pods: list[Object], failed: list[str]
    ) -> None:
        """One pod that fails ends them all: the ranks of a job cannot go on without each other."""
        name, tries = (
            job["metadata"]["name"],
            (job["spec"].get("runPolicy") or {}).get("jobMaxRetryCount") or 0,
        )
        why = f"because {', '.join(failed)} failed."
        if status["restartCount"] < tries:
            delete_pods(self._verbs, pods)
            status["restartCount"] += 1
            self._say(job, status, "Restarting", f"HyperPodPyTorchJob {name} is restarting {why}")
        else:
            self._say(job, status, "Failed", f"HyperPodPyTorchJob {name} is failed {why}")

    def _say(self, job: Object, status: dict[str, Any], kind: str, message: str) -> None:
        if conditions.holds(status, kind):
            return
        reason = f"HyperPodPyTorchJob{kind}"
        if kind in ("Succeeded", "Failed"):
            status["completionTime"] = now()
        conditions.add(status, kind, reason, message, time_field=TIME_FIELD)
        self._recorder.record(job, "Normal" if kind != "Restarting" else "Warning", reason, message)

    def _after(self, key: Key, job: Object, status: dict[str, Any], pods: list[Object]) -> float | None:
        """A finished job cleans up its pods. The SDK sends a time to live of 0 without being asked: none."""
        policy = job["spec"].get("runPolicy") or {}
        clean(self._verbs, pods, policy.get("cleanPodPolicy", DEFAULT_CLEAN_POD_POLICY))
        lifetime = policy.get("ttlSecondsAfterFinished") or 0
        if lifetime <= 0:
            return None
        left = float(lifetime) - seconds_since(status["completionTime"])
        if left > 0:
            return left
        self._verbs.delete(key)
        return None


def _ranks(job: Object) -> list[Rank]:
    ranks: list[Rank] = []
    for replica in job["spec"]["replicaSpecs"]:
        for index in range(replica.get("replicas", 1)):
            name = f"{job['metadata']['name']}-{replica['name']}-{index}"
            ranks.append(Rank(name, replica["name"], index, len(ranks), replica["template"], "Never"))
    return ranks


def _reference(pod: Object) -> dict[str, str]:
    metadata = pod["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
    }
