"""Puts pods on nodes: by selector, required affinity, taints and free resources; the emptiest that fits.

No preemption, no preferred affinity, no spreading, no gangs. Messages are kube-scheduler's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.objects import Key, Object, is_finished, is_terminating, labels, now
from localcloud.kubernetes.quantities import quantity
from localcloud.kubernetes.recorder import Recorder
from localcloud.kubernetes.selectors import matches_expression
from localcloud.kubernetes.store import Event

PODS_OF_A_NODE = 110


class Scheduler:
    """Binds every pod that has no node yet, as soon as one fits."""

    def __init__(self, verbs: Verbs, recorder: Recorder) -> None:
        self._verbs = verbs
        self._store = verbs.store
        self._recorder = recorder

    def concerns(self, event: Event) -> Iterable[Key]:
        """A new pod; and all that wait, when a node changes or a pod makes room."""
        if event.key.resource is resources.PODS:
            if event.kind == "ADDED":
                yield event.key
            elif event.kind == "MODIFIED" and not is_finished(event.object):
                return
        elif event.key.resource is not resources.NODES:
            return
        for pod in self._store.objects(resources.PODS):
            if _waits(pod):
                yield Key(resources.PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])

    def reconcile(self, key: Key) -> None:
        with self._store.lock:
            pod = self._store.get(key)
            if pod is None or not _waits(pod):
                return
            nodes = self._store.objects(resources.NODES)
            running = [
                each
                for each in self._store.objects(resources.PODS)
                if each["spec"].get("nodeName") and not is_finished(each)
            ]
            fitting: list[tuple[int, str]] = []
            reasons: Counter[str] = Counter()
            for node in nodes:
                name = node["metadata"]["name"]
                there = [each for each in running if each["spec"]["nodeName"] == name]
                against = _obstacles(pod, node, there)
                reasons.update(against)
                if not against:
                    fitting.append((len(there), name))
            if fitting:
                self._bind(key, pod, min(fitting)[1])
            else:
                self._refuse(key, pod, len(nodes), reasons)

    def _bind(self, key: Key, pod: Object, node: str) -> None:
        def edit(current: Object) -> None:
            current["spec"]["nodeName"] = node
            _set_scheduled(current, {"status": "True"})

        self._verbs.change(key, pod["metadata"]["uid"], edit)
        where = f"{key.namespace}/{key.name}"
        self._recorder.record(pod, "Normal", "Scheduled", f"Successfully assigned {where} to {node}")

    def _refuse(self, key: Key, pod: Object, nodes: int, reasons: Counter[str]) -> None:
        listed = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
        message = (
            f"0/{nodes} nodes are available: {listed}." if nodes else "no nodes available to schedule pods"
        )

        def edit(current: Object) -> None:
            _set_scheduled(current, {"status": "False", "reason": "Unschedulable", "message": message})

        self._verbs.change(key, pod["metadata"]["uid"], edit)
        self._recorder.record(pod, "Warning", "FailedScheduling", message)


def requests(pod: Object) -> dict[str, Decimal]:
    """What a pod asks of its node: the sum of its containers, or more if an init container asks for it."""
    spec = pod["spec"]
    requested = {"pods": Decimal(1)}
    for container in spec["containers"]:
        for name, amount in _container_requests(container).items():
            requested[name] = requested.get(name, Decimal(0)) + amount
    for container in spec.get("initContainers") or []:
        for name, amount in _container_requests(container).items():
            requested[name] = max(requested.get(name, Decimal(0)), amount)
    return requested


def _container_requests(container: Mapping[str, Any]) -> dict[str, Decimal]:
    declared = container.get("resources") or {}
    amounts = {**(declared.get("limits") or {}), **(declared.get("requests") or {})}
    return {name: quantity(amount) for name, amount in amounts.items()}


def _waits(pod: Object) -> bool:
    return not pod["spec"].get("nodeName") and not is_finished(pod) and not is_terminating(pod)


def _set_scheduled(pod: Object, facts: dict[str, str]) -> None:
    """The PodScheduled condition; one that says the same keeps its time."""
    status = pod.setdefault("status", {"phase": "Pending"})
    conditions = status.get("conditions") or []
    before = next((each for each in conditions if each["type"] == "PodScheduled"), None)
    time = before["lastTransitionTime"] if before and before["status"] == facts["status"] else now()
    condition = {"type": "PodScheduled", "lastProbeTime": None, "lastTransitionTime": time, **facts}
    status["conditions"] = [*(each for each in conditions if each["type"] != "PodScheduled"), condition]


def _obstacles(pod: Object, node: Object, there: list[Object]) -> list[str]:
    """Why the pod cannot go to the node; nothing when it can."""
    spec = pod["spec"]
    if (node.get("spec") or {}).get("unschedulable"):
        return ["node(s) were unschedulable"]
    if (taint := _untolerated(spec.get("tolerations") or [], node)) is not None:
        return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    if not _selected(spec, node):
        return ["node(s) didn't match Pod's node affinity/selector"]
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    free = {name: quantity(amount) for name, amount in allocatable.items()}
    free.setdefault("pods", Decimal(PODS_OF_A_NODE))
    for each in there:
        for name, amount in requests(each).items():
            free[name] = free.get(name, Decimal(0)) - amount
    lacking = [name for name, amount in requests(pod).items() if amount > free.get(name, Decimal(0))]
    return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in lacking]


def _untolerated(tolerations: list[dict[str, Any]], node: Object) -> dict[str, Any] | None:
    """The first taint that keeps the pod away; a node that is not ready counts as tainted."""
    taints = [
        taint
        for taint in (node.get("spec") or {}).get("taints") or []
        if taint["effect"] in ("NoSchedule", "NoExecute")
    ]
    conditions = (node.get("status") or {}).get("conditions") or []
    if any(each["type"] == "Ready" and each["status"] != "True" for each in conditions):
        taints.append({"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"})
    return next((taint for taint in taints if not any(_tolerates(each, taint) for each in tolerations)), None)


def _tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator", "Equal") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return (toleration.get("key"), toleration.get("value", "")) == (taint["key"], taint.get("value", ""))


def _selected(spec: dict[str, Any], node: Object) -> bool:
    if not (spec.get("nodeSelector") or {}).items() <= labels(node).items():
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(matches_expression(each, labels(node)) for each in term.get("matchExpressions") or [])
        and all(matches_expression(each, fields) for each in term.get("matchFields") or [])
        for term in required["nodeSelectorTerms"]
    )
