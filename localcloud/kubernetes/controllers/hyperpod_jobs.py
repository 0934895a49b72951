"""sagemaker.amazonaws.com/v1 HyperPodPyTorchJob: replica groups that succeed, fail and restart as one job.

Fields, labels and status are those of AWS's HyperPod SDK, which refuses status fields it does not know
(sagemaker-hyperpod 3.12, training/config/hyperpod_pytorch_job_unified_config.py). How the operator behaves is
published nowhere: the conditions follow Kubeflow's. Left out: elastic scaling, log monitoring, spares, Kueue
admission, and restarts of ranks inside a pod.
"""

from __future__ import annotations

from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.controllers.replicas import (
    MASTER_ADDRESS,
    Rank,
    Rendezvous,
    create_pod,
    delete_pods,
    meeting_port,
)
from localcloud.kubernetes.controllers.training_jobs import TrainingJobs, run_policy
from localcloud.kubernetes.objects import (
    Object,
    is_terminating,
    phase,
)

LABEL = "HPJob"


class HyperPodJobs(TrainingJobs):
    """The controller of HyperPodPyTorchJobs."""

    resource = resources.HYPERPOD_JOBS
    time_field = "lastProbeTime"
    default_clean_pod_policy = "All"

    def _follow(self, job: Object, status: dict[str, Any], pods: list[Object]) -> None:
        name = job["metadata"]["name"]
        status.setdefault("restartCount", 0)
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
            self._say(job, status, "Succeeded", "is successfully completed.")
        elif len(pods) == len(ranks) and all(each in ("Running", "Succeeded") for each in phases):
            self._say(job, status, "Running", "is running.")

    def _fail_or_restart(
        self, job: Object, status: dict[str, Any], pods: list[Object], failed: list[str]
    ) -> None:
        """One pod that fails ends them all: the ranks of a job cannot go on without each other."""
        tries = run_policy(job).get("jobMaxRetryCount") or 0
        why = f"because {', '.join(failed)} failed."
        if status["restartCount"] < tries:
            delete_pods(self._verbs, pods)
            status["restartCount"] += 1
            self._say(job, status, "Restarting", f"is restarting {why}")
        else:
            self._say(job, status, "Failed", f"is failed {why}")

    def _lifetime(self, policy: dict[str, Any]) -> int | None:
        """The SDK always sends 0, and the job stays all the same."""
        seconds = int(policy.get("ttlSecondsAfterFinished") or 0)
        return seconds if seconds > 0 else None


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
