"""Bring clusters to their specification, in threads: add nodes, remove nodes, update states.

A cluster comes up whole or not at all; with continuous provisioning each group comes up or does not, the
cluster stands in any case, and events say what is missing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from localcloud.aws.services.sagemaker.clusters import events, instances
from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.instances import InstanceFailed
from localcloud.aws.services.sagemaker.clusters.orchestrator import Orchestrator, OrchestratorFailed
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.common.endpoint import Endpoint

logger = logging.getLogger("atelier.cloud")
BUSY_SECONDS = 0.05


class Provisioner:
    """One thread per operation; the caller has set the cluster's state before."""

    def __init__(
        self,
        clusters: Clusters,
        orchestrator_of: Callable[[HyperPodCluster], Orchestrator],
        endpoint: Endpoint,
    ) -> None:
        self._clusters = clusters
        self._orchestrator_of = orchestrator_of
        self._endpoint = endpoint

    def create(self, cluster: HyperPodCluster) -> None:
        def work() -> None:
            try:
                self._settle(cluster)
            except (InstanceFailed, OrchestratorFailed) as failure:
                self._release(cluster, cluster.nodes)
                self._end(cluster, "Creation", str(failure), status="Failed")
            else:
                self._end(cluster, "Creation")

        self._begin(cluster, "Creation", work)

    def change(self, cluster: HyperPodCluster, before: dict[str, Any], operation: str = "Update") -> None:
        """Apply the new request; the cluster returns to `before` when it cannot be applied."""

        def work() -> None:
            try:
                self._settle(cluster)
            except (InstanceFailed, OrchestratorFailed) as failure:
                self._clusters.turn(cluster, "RollingBack", str(failure))
                with self._clusters.changing(cluster):
                    cluster.request = before
                self._release(cluster, _surplus(cluster))
                self._end(cluster, operation, str(failure))
            else:
                self._end(cluster, operation)

        self._begin(cluster, operation, work)

    def recover(self, cluster: HyperPodCluster, node: Node, reason: str, repair: str) -> None:
        """Handle a faulty node: node recovery replaces it, otherwise it returns by itself."""

        def work() -> None:
            is_automatic = cluster.request["NodeRecovery"] == "Automatic"
            events.node_is_unhealthy(cluster, node, reason, repair if is_automatic else "None")
            if not is_automatic:
                return
            while not self._clusters.occupied(cluster, "SystemUpdating"):
                if self._clusters.get(cluster.arn) is None:
                    return
                time.sleep(BUSY_SECONDS)
            if repair == "Reboot":
                self._restart(cluster, [node])
            else:
                with self._clusters.changing(cluster):
                    node.status = "ShuttingDown"
                self._settle(cluster)
            self._end(cluster, "NodeRecovery")

        self._begin(cluster, "NodeRecovery", work)

    def update_software(self, cluster: HyperPodCluster, groups: Collection[str]) -> None:
        """Remove the nodes and add new ones; jobs on them are lost."""

        def work() -> None:
            updated = [node for node in cluster.nodes if node.group in groups]
            for node in updated:
                node.software_updated = time.time()
            self._restart(cluster, updated)
            self._end(cluster, "UpdateSoftware")

        self._begin(cluster, "UpdateSoftware", work)

    def delete(self, cluster: HyperPodCluster) -> None:
        def work() -> None:
            self._orchestrator_of(cluster).delete(cluster)
            self._clusters.remove(cluster)

        self._begin(cluster, "Deletion", work)

    def resume(self) -> None:
        """Restore clusters and nodes after a restart."""
        for cluster in self._clusters.all():
            try:
                self._orchestrator_of(cluster).ensure(cluster)
            except OrchestratorFailed as failure:
                self._clusters.turn(cluster, "Failed", str(failure))

    def _begin(self, cluster: HyperPodCluster, operation: str, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                events.happened(cluster, f"Cluster {cluster.name} {operation} started successfully")
                work()
            except Exception as error:
                logger.exception("cluster %s: %s", cluster.name, operation)
                self._clusters.turn(cluster, "Failed", f"InternalServerError: {error}")

        threading.Thread(target=run, name=f"cluster-{cluster.name}", daemon=True).start()

    def _end(
        self, cluster: HyperPodCluster, operation: str, failure: str = "", status: str = "InService"
    ) -> None:
        if failure:
            message = f"Cluster {cluster.name} {operation} failed"
            events.happened(cluster, message, level="Error", failure=failure)
        else:
            events.happened(cluster, f"Cluster {cluster.name} {operation} completed successfully")
        self._clusters.turn(cluster, status, failure)

    def _restart(self, cluster: HyperPodCluster, nodes: Collection[Node]) -> None:
        """Remove nodes, and add them again."""
        for status in ("SystemUpdating", "Running"):
            with self._clusters.changing(cluster):
                for node in nodes:
                    node.status = status
            self._orchestrator_of(cluster).ensure(cluster)

    def _settle(self, cluster: HyperPodCluster) -> None:
        self._release(cluster, _surplus(cluster))
        for group in cluster.groups:
            missing = group.count - len(cluster.nodes_of(group))
            if missing <= 0:
                continue
            try:
                self._launch(cluster, group, missing)
            except InstanceFailed as failure:
                if not cluster.is_continuous:
                    raise
                message = f"Instance creation in Cluster {cluster.name} and InstanceGroup {group.name} failed"
                events.happened(cluster, message, level="Error", group=group.name, failure=str(failure))
        self._orchestrator_of(cluster).ensure(cluster)

    def _launch(self, cluster: HyperPodCluster, group: Group, count: int) -> None:
        instances.look_around(cluster, group, self._endpoint)
        for _ in range(count):
            taken = {node.private_ip for each in self._clusters.all() for node in each.nodes}
            node = instances.launch(cluster, group, taken)
            with self._clusters.changing(cluster):
                cluster.nodes = [*cluster.nodes, node]
            where = f"in Cluster {cluster.name} and IG {group.name}"
            message = f"EC2 Instance {node.instance_id} successfully provisioned {where}"
            events.happened(cluster, message, group=group.name, node=node)
            with self._clusters.changing(cluster):
                node.status = "Running"

    def _release(self, cluster: HyperPodCluster, nodes: Collection[Node]) -> None:
        """Remove nodes from the orchestrator, then from the cluster."""
        if not nodes:
            return
        with self._clusters.changing(cluster):
            for node in nodes:
                node.status = "ShuttingDown"
        self._orchestrator_of(cluster).ensure(cluster)
        gone = {node.instance_id for node in nodes}
        with self._clusters.changing(cluster):
            cluster.nodes = [node for node in cluster.nodes if node.instance_id not in gone]


def _surplus(cluster: HyperPodCluster) -> list[Node]:
    """Nodes to remove: of removed groups or other types, marked for removal, or the newest surplus ones."""
    groups = {group.name: group for group in cluster.groups}
    surplus = []
    kept: dict[str, int] = dict.fromkeys(groups, 0)
    for node in sorted(cluster.nodes, key=lambda node: node.launched):
        group = groups.get(node.group)
        if (
            group is None
            or node.status != "Running"
            or node.instance_type not in group.instance_types
            or kept[node.group] >= group.count
        ):
            surplus.append(node)
        else:
            kept[node.group] += 1
    return surplus
