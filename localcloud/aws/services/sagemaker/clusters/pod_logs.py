"""Lines of pods in CloudWatch Logs, under the cluster's log group, with the node's role.

A line has the pod's name before it, so that a job's lines are found by its name.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.credentials import execution_role
from localcloud.aws.services.sagemaker.log_streams import LogStream
from localcloud.common.endpoint import Endpoint
from localcloud.common.service_error import ServiceError

logger = logging.getLogger("atelier.cloud")
BATCH_SECONDS = 0.2


class _Source(NamedTuple):
    cluster_arn: str
    instance_id: str
    pod: str


class PodLogs:
    """Collects lines and ships them in batches, from one thread: pods do not wait for CloudWatch."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lines: queue.SimpleQueue[tuple[_Source, str]] = queue.SimpleQueue()
        self._streams: dict[_Source, LogStream] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._ship, name="pod-logs", daemon=True).start()

    def take(self, cluster: HyperPodCluster, group: Group, node: Node, pod: str, line: str) -> None:
        """A pod on the node has written a line."""
        source = _Source(cluster.arn, node.instance_id, pod)
        with self._lock:
            if source not in self._streams:
                try:
                    session = execution_role(cluster, group).session(node.instance_id, cluster.region)
                except ServiceError as error:
                    logger.warning("no logs for pod %s: %s", pod, error.message)
                    return
                self._streams[source] = LogStream(
                    self._endpoint.client(session, "logs"),
                    f"/aws/sagemaker/Clusters/{cluster.name}/{cluster.id}",
                    f"Containers/{group.name}/{node.instance_id}/{pod}",
                )
        self._lines.put((source, f"{pod} {line}" if line else ""))

    def _ship(self) -> None:
        while True:
            batch = sorted(self._batch(), key=lambda item: item[0])
            for source, items in groupby(batch, key=lambda item: item[0]):
                try:
                    self._streams[source].write([line for _, line in items])
                except Exception:
                    logger.exception("lines of pod %s are lost", source.pod)

    def _batch(self) -> Iterator[tuple[_Source, str]]:
        """The next batch: waits for a first line, and collects those that follow soon."""
        yield self._lines.get()
        deadline = time.monotonic() + BATCH_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                yield self._lines.get(timeout=left)
            except queue.Empty:
                return
