"""The controller that gives every pod on a node its worker, and ends what should not run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable

from localcloud.kubernetes import resources
from localcloud.kubernetes.kubelet.pod import Node, PodWorker
from localcloud.kubernetes.kubelet.process import kill_recorded
from localcloud.kubernetes.objects import Key, Object, is_finished, is_terminating, now
from localcloud.kubernetes.store import Event

CLOSE_GRACE_SECONDS = 2.0
NODE_LOST = "NodeLost"
SHUTDOWN = "Pod was terminated in response to imminent node shutdown: the embedded cloud was stopped."
CLOUD_ENDED = "the embedded cloud ended while the pod ran"


class Kubelet:
    """The kubelet of all nodes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._store = node.verbs.store
        self._workers: dict[str, PodWorker] = {}
        self._lock = threading.Lock()
        self._gone: queue.SimpleQueue[str] = queue.SimpleQueue()
        for pod in self._store.objects(resources.PODS):
            if "startTime" in (pod.get("status") or {}) and not is_finished(pod):
                self._bury(pod)

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.key.resource is not resources.PODS:
            return
        if event.kind == "DELETED":
            self._gone.put(event.object["metadata"]["uid"])
            yield event.key
        elif event.object["spec"].get("nodeName"):
            yield event.key

    def reconcile(self, key: Key) -> None:
        self._clear()
        pod = self._store.get(key)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        uid = pod["metadata"]["uid"]
        with self._lock:
            worker = self._workers.get(uid)
            if worker is None and not is_terminating(pod) and not is_finished(pod):
                worker = self._workers[uid] = PodWorker(self._node, key, pod, self._done)
                worker.thread.start()
        if not is_terminating(pod):
            return
        if worker is None:
            self._node.verbs.remove(key, uid)
        else:
            worker.stop(pod["metadata"]["deletionGracePeriodSeconds"])

    def lose(self, node: str) -> None:
        """A node is gone, and so is at once what ran on it; its pods are Failed for it."""
        with self._lock:
            running = list(self._workers.values())
        for worker in running:
            if worker.node_name == node:
                worker.stop(0, NODE_LOST, f"Node {node} which was running pod {worker.name} is gone")

    def close(self) -> None:
        """End every pod's processes with the cloud; the pods are Failed for it."""
        with self._lock:
            running = list(self._workers.values())
        for worker in running:
            worker.stop(CLOSE_GRACE_SECONDS, "Terminated", SHUTDOWN)
        for worker in running:
            worker.thread.join()

    def _clear(self) -> None:
        """Kill, and clear away, what belongs to pods that are no more."""
        while not self._gone.empty():
            uid = self._gone.get()
            with self._lock:
                worker = self._workers.get(uid)
            if worker is not None:
                worker.stop(0)
            else:
                self._node.forget(uid)

    def _done(self, key: Key, uid: str) -> None:
        """A worker has ended. A request to end its pod may have come just too late for it."""
        with self._lock:
            self._workers.pop(uid, None)
        pod = self._store.get(key)
        if pod is not None and pod["metadata"]["uid"] == uid and is_terminating(pod):
            self._node.verbs.remove(key, uid)
        elif not self._store.holds(uid):
            self._node.forget(uid)

    def _bury(self, pod: Object) -> None:
        """A pod of an earlier server, which ended without ending it."""
        metadata = pod["metadata"]
        for record in self._node.pod_folder(metadata["uid"]).glob("*.process"):
            kill_recorded(record)
        status = pod["status"] | {"phase": "Failed", "reason": NODE_LOST, "message": CLOUD_ENDED}
        for container in status.get("containerStatuses", []):
            if "terminated" not in container["state"]:
                end = {"exitCode": 137, "reason": "Error", "message": CLOUD_ENDED, "finishedAt": now()}
                container |= {"ready": False, "started": False, "state": {"terminated": end}}
        key = Key(resources.PODS, metadata["namespace"], metadata["name"])
        self._node.verbs.set_status(key, metadata["uid"], status)
