"""apps/v1 StatefulSet: numbered pods, as many as specified, recreated when they go.

Without updates in place, volume claim templates or an order of starting: all pods start at once.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.controllers.replicas import delete_pods, pods_of
from localcloud.kubernetes.objects import (
    Key,
    Object,
    controlled_by,
    controller_of,
    is_finished,
    is_terminating,
    phase,
)
from localcloud.kubernetes.store import Event


class StatefulSets:
    """The controller of StatefulSets."""

    def __init__(self, verbs: Verbs) -> None:
        self._verbs = verbs
        self._store = verbs.store

    def concerns(self, event: Event) -> Iterable[Key]:
        if event.key.resource is resources.STATEFUL_SETS:
            yield event.key
        elif event.key.resource is resources.PODS:
            owner = controller_of(event.object) or {}
            if owner.get("kind") == resources.STATEFUL_SETS.kind:
                yield Key(resources.STATEFUL_SETS, event.key.namespace, owner["name"])

    def reconcile(self, key: Key) -> None:
        with self._store.lock:
            stateful_set = self._store.get(key)
            if stateful_set is None or is_terminating(stateful_set):
                return
            pods = pods_of(self._verbs, stateful_set)
            count = stateful_set["spec"]["replicas"]
            expected = [f"{key.name}-{index}" for index in range(count)]
            there = {pod["metadata"]["name"] for pod in pods}
            for name in expected:
                if name not in there:
                    self._verbs.create(resources.PODS, key.namespace, _pod(stateful_set, name))
            delete_pods(
                self._verbs,
                [pod for pod in pods if pod["metadata"]["name"] not in expected or is_finished(pod)],
            )
            running = sum(phase(pod) == "Running" for pod in pods)
            status = {
                "observedGeneration": stateful_set["metadata"]["generation"],
                "replicas": len(pods),
                "readyReplicas": running,
                "availableReplicas": running,
                "currentReplicas": len(pods),
                "updatedReplicas": len(pods),
            }
            self._verbs.set_status(key, stateful_set["metadata"]["uid"], status)


def _pod(stateful_set: Object, name: str) -> Object:
    template = stateful_set["spec"]["template"]
    metadata = template.get("metadata") or {}
    return {
        "metadata": {
            "name": name,
            "labels": {**(metadata.get("labels") or {}), "statefulset.kubernetes.io/pod-name": name},
            "annotations": metadata.get("annotations") or {},
            "ownerReferences": [controlled_by(stateful_set)],
        },
        "spec": copy.deepcopy(template["spec"]),
    }
