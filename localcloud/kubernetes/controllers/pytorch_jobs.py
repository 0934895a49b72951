"""kubeflow.org/v1 PyTorchJob: a Master and Workers, as Kubeflow's training operator runs them.

Source: github.com/kubeflow/training-operator v1.8, pkg/controller.v1/{common,pytorch}. Left out: services,
suspension, elastic policy and gang scheduling.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.controllers import conditions
from localcloud.kubernetes.controllers.replicas import (
    Rank,
    Rendezvous,
    create_pod,
    delete_pods,
    exit_codes,
    meeting_port,
    pods_of,
)
from localcloud.kubernetes.controllers.training_jobs import TrainingJobs
from localcloud.kubernetes.objects import Key, Object, phase

LABEL = "training.kubeflow.org"
# Of restart policy ExitCode: signals and what the user reserves above them are worth another try.
FIRST_RETRYABLE_EXIT_CODE = 128
_COUNTED = {"Running": "active", "Succeeded": "succeeded", "Failed": "failed"}


class PyTorchJobs(TrainingJobs):
    """The controller of PyTorchJobs."""

    resource = resources.PYTORCH_JOBS
    time_field = "lastUpdateTime"
    default_clean_pod_policy = "None"

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
        replicas = job["spec"]["pytorchReplicaSpecs"]
        decisive = "Master" if "Master" in replicas else "Worker"
        if counted[decisive]["succeeded"] == replicas[decisive]["replicas"]:
            self._say(job, status, "Succeeded", "is successfully completed.")
            return
        if counted[decisive]["active"]:
            self._say(job, status, "Running", "is running.")
        for replica, counts in counted.items():
            if not counts["failed"]:
                continue
            why = f"because {counts['failed']} {replica} replica(s) failed."
            if replicas[replica]["restartPolicy"] == "ExitCode" and self._retries(job, replica):
                self._say(job, status, "Restarting", f"is restarting {why}")
            else:
                self._say(job, status, "Failed", f"is failed {why}")
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

    def _after(self, key: Key, job: Object, status: dict[str, Any], pods: list[Object]) -> float | None:
        """A job that is done counts what still runs of it as done."""
        if conditions.holds(status, "Succeeded"):
            for counts in status["replicaStatuses"].values():
                counts |= {"succeeded": counts["succeeded"] + counts["active"], "active": 0}
        return super()._after(key, job, status, pods)


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
