"""The pods of a training job: which are there, how a new one is made, and where its ranks meet."""

from __future__ import annotations

import copy
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.errors import ApiError
from localcloud.kubernetes.objects import Key, Object, controlled_by, controller_of, is_terminating

MASTER_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Rank:
    """One pod that a job should have."""

    name: str
    replica: str
    index: int
    rank: int
    template: dict[str, Any]
    restart_policy: str


@dataclass(frozen=True)
class Rendezvous:
    """Environment of every rank. All pods share one loopback, so that each job has its own port."""

    port: int
    nodes: int
    processes_per_node: str

    def variables(self, rank: int) -> dict[str, str]:
        """As the training operator sets them, and torchrun reads them (PET_*)."""
        per_node = int(self.processes_per_node) if self.processes_per_node.isdigit() else 1
        return {
            "PYTHONUNBUFFERED": "1",
            "MASTER_ADDR": MASTER_ADDRESS,
            "MASTER_PORT": str(self.port),
            "WORLD_SIZE": str(self.nodes * per_node),
            "RANK": str(rank),
            "PET_MASTER_ADDR": MASTER_ADDRESS,
            "PET_MASTER_PORT": str(self.port),
            "PET_NNODES": str(self.nodes),
            "PET_NODE_RANK": str(rank),
            "PET_NPROC_PER_NODE": self.processes_per_node,
        }


def pods_of(verbs: Verbs, job: Object) -> list[Object]:
    """The pods that the job controls."""
    uid, namespace = job["metadata"]["uid"], job["metadata"]["namespace"]
    return [
        pod
        for pod in verbs.store.objects(resources.PODS, namespace)
        if (controller_of(pod) or {}).get("uid") == uid
    ]


def meeting_port(pods: list[Object]) -> int:
    """The port that the job's pods already know, else a free one."""
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for variable in container.get("env") or []:
                if variable["name"] == "MASTER_PORT":
                    return int(variable["value"])
    with socket.socket() as probe:
        probe.bind((MASTER_ADDRESS, 0))
        return int(probe.getsockname()[1])


def create_pod(verbs: Verbs, job: Object, rank: Rank, labels: Mapping[str, str], meeting: Rendezvous) -> None:
    """Make one pod; one of that name that is there already is left to its owner."""
    metadata = rank.template.get("metadata") or {}
    spec = copy.deepcopy(rank.template["spec"])
    spec["restartPolicy"] = rank.restart_policy
    for container in spec["containers"]:
        own = {variable["name"] for variable in container.get("env") or []}
        added = [
            {"name": name, "value": value}
            for name, value in meeting.variables(rank.rank).items()
            if name not in own
        ]
        container["env"] = [*(container.get("env") or []), *added]
    pod = {
        "metadata": {
            "name": rank.name,
            "labels": {**(metadata.get("labels") or {}), **labels},
            "annotations": metadata.get("annotations") or {},
            "ownerReferences": [controlled_by(job)],
        },
        "spec": spec,
    }
    try:
        verbs.create(resources.PODS, job["metadata"]["namespace"], pod)
    except ApiError as error:
        if error.reason not in ("AlreadyExists", "Forbidden"):
            raise


def delete_pods(verbs: Verbs, pods: list[Object]) -> None:
    """Begin to delete those that are not yet on their way."""
    for pod in pods:
        if not is_terminating(pod):
            verbs.delete(Key(resources.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"]))


def clean(verbs: Verbs, pods: list[Object], policy: str) -> None:
    """What a finished job does with its pods: nothing, delete those that still run, or all of them."""
    if policy == "All":
        delete_pods(verbs, pods)
    elif policy == "Running":
        active = [pod for pod in pods if pod["status"]["phase"] in ("Pending", "Running")]
        delete_pods(verbs, active)


def exit_codes(pod: Object) -> list[int]:
    """The exit codes of a pod's containers that have ended."""
    states = [each["state"] for each in (pod.get("status") or {}).get("containerStatuses") or []]
    return [state["terminated"]["exitCode"] for state in states if "terminated" in state]


def restarts(pod: Object) -> int:
    """How often the kubelet has restarted a pod's containers."""
    return sum(each["restartCount"] for each in (pod.get("status") or {}).get("containerStatuses") or [])
