"""One Kubernetes cluster: its objects, its API, its controllers and its pods, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from localcloud.kubernetes import resources
from localcloud.kubernetes.api.application import Application
from localcloud.kubernetes.api.authentication import Authenticator
from localcloud.kubernetes.api.rbac import Rbac, bootstrap_objects
from localcloud.kubernetes.api.verbs import Verbs
from localcloud.kubernetes.controllers.garbage import GarbageCollector
from localcloud.kubernetes.controllers.hyperpod_jobs import HyperPodJobs
from localcloud.kubernetes.controllers.loop import ControlLoop
from localcloud.kubernetes.controllers.pytorch_jobs import PyTorchJobs
from localcloud.kubernetes.controllers.scheduler import Scheduler
from localcloud.kubernetes.controllers.stateful_sets import StatefulSets
from localcloud.kubernetes.kubelet.images import Images
from localcloud.kubernetes.kubelet.kubelet import Kubelet
from localcloud.kubernetes.kubelet.pod import Node, Timing
from localcloud.kubernetes.logs import Logs
from localcloud.kubernetes.objects import Key, labels as labels_of, now
from localcloud.kubernetes.recorder import Recorder
from localcloud.kubernetes.storage import Storage
from localcloud.kubernetes.store import Event, Store

# What EKS begins with, and where the training operators look (charts of sagemaker-hyperpod-cli).
NAMESPACES = ("default", "kube-system", "kube-public", "kubeflow", "aws-hyperpod")


class Cluster:
    """A cluster in a folder of its own: what it holds, it still holds after a restart.

    `application` is to be served; `close` ends the pods, whose phase is then Failed.
    """

    def __init__(
        self,
        folder: Path,
        images: Images,
        authenticator: Authenticator,
        timing: Timing | None = None,
        before_start: Callable[[Cluster], None] | None = None,
    ) -> None:
        """`before_start` is given the cluster before anything in it moves."""
        self._environs: dict[str, Callable[[], Mapping[str, str]]] = {}
        self._outputs: dict[str, Callable[[str, str], None]] = {}
        self._store = Store(Storage(folder / "objects.sqlite3"))
        self.verbs = Verbs(self._store)
        logs = Logs(folder / "pods")
        recorder = Recorder(self._store, "kubelet")
        node = Node(
            self.verbs, recorder, images, logs, folder, self._environ, self._output, timing or Timing()
        )
        self._kubelet = Kubelet(node)
        operator = Recorder(self._store, "training-operator")
        self._loop = ControlLoop(
            self._store,
            [
                GarbageCollector(self.verbs),
                Scheduler(self.verbs, Recorder(self._store, "default-scheduler")),
                self._kubelet,
                PyTorchJobs(self.verbs, operator),
                HyperPodJobs(self.verbs, operator),
                StatefulSets(self.verbs),
            ],
        )
        self.application = Application(self.verbs, Rbac(self._store), authenticator, logs)
        self._bootstrap()
        if before_start is not None:
            before_start(self)
        self._loop.start()

    def set_node(
        self,
        name: str,
        labels: Mapping[str, str],
        allocatable: Mapping[str, str],
        taints: tuple[Mapping[str, str], ...] = (),
        environ: Callable[[], Mapping[str, str]] | None = None,
        output: Callable[[str, str], None] | None = None,
    ) -> None:
        """Add a node that is ready, or change it: an instance has joined the cluster.

        `environ` is called whenever a container starts there, for its instance's credentials.
        `output` is given a pod's name and each line that it writes there.
        """
        if environ is not None:
            self._environs[name] = environ
        if output is not None:
            self._outputs[name] = output
        key = Key(resources.NODES, "", name)
        with self._store.lock:
            if self._store.get(key) is None:
                self.verbs.create(resources.NODES, "", {"metadata": {"name": name}})
            node = self.verbs.get(key)
            node["metadata"]["labels"] = {"kubernetes.io/hostname": name, **labels}
            node["spec"] = {**(node.get("spec") or {}), "taints": [dict(taint) for taint in taints]}
            if not taints:
                del node["spec"]["taints"]
            node["status"] = {
                "capacity": dict(allocatable),
                "allocatable": dict(allocatable),
                "conditions": [
                    {
                        "type": "Ready",
                        "status": "True",
                        "reason": "KubeletReady",
                        "message": "kubelet is posting ready status",
                        "lastHeartbeatTime": now(),
                        "lastTransitionTime": now(),
                    }
                ],
                "addresses": [{"type": "Hostname", "address": name}],
            }
            self._store.put(key, node)

    def remove_node(self, name: str) -> None:
        """An instance has left the cluster: pods that run on it are lost."""
        self._environs.pop(name, None)
        self._outputs.pop(name, None)
        self._store.remove(Key(resources.NODES, "", name))
        self._kubelet.lose(name)

    def on_node_labels(self, changed: Callable[[str, Mapping[str, str]], None]) -> None:
        """Call a listener with a node's name and labels whenever they change; it must be quick."""

        def tell(event: Event) -> None:
            if event.key.resource is not resources.NODES or event.previous is None:
                return
            if event.kind == "MODIFIED" and labels_of(event.object) != labels_of(event.previous):
                changed(event.key.name, labels_of(event.object))

        self._store.subscribe(tell)

    def node_names(self) -> list[str]:
        """The nodes that there are."""
        return [node["metadata"]["name"] for node in self._store.objects(resources.NODES)]

    def has_namespace(self, name: str) -> bool:
        """Whether the namespace is there: what HyperPod's chart makes, people can delete."""
        return self._store.get(Key(resources.NAMESPACES, "", name)) is not None

    def _environ(self, node: str) -> Mapping[str, str]:
        given = self._environs.get(node)
        return {} if given is None else given()

    def _output(self, node: str, pod: str, line: str) -> None:
        taker = self._outputs.get(node)
        if taker is not None:
            taker(pod, line)

    def close(self) -> None:
        """Stop the controllers, then the pods, then let go of the file."""
        self._loop.close()
        self._kubelet.close()
        self._store.close()

    def _bootstrap(self) -> None:
        """Make what every cluster has, unless it is there from before; events last as long as the server."""
        for event in self._store.objects(resources.EVENTS):
            metadata = event["metadata"]
            self._store.remove(Key(resources.EVENTS, metadata["namespace"], metadata["name"]))
        beginning = [(resources.NAMESPACES, {"metadata": {"name": name}}) for name in NAMESPACES]
        for resource, document in [*beginning, *bootstrap_objects()]:
            if self._store.get(Key(resource, "", document["metadata"]["name"])) is None:
                self.verbs.create(resource, "", document)
