"""Every cluster; every change is on disk before it is announced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcloud.aws.services.records import Records
from localcloud.aws.services.sagemaker.clusters import events
from localcloud.aws.services.sagemaker.clusters.cluster import SETTLED, HyperPodCluster
from localcloud.common.service_error import ServiceError


class Clusters:
    """Clusters by ARN, and by name within an account's region."""

    def __init__(self, folder: Path) -> None:
        self._records = Records(folder, HyperPodCluster.read)
        for cluster in self.all():
            if cluster.status not in SETTLED:
                cluster.failure = f"the embedded cloud ended while the cluster was {cluster.status}"
                cluster.status = "Failed"
                self.save(cluster)

    def get(self, arn: str) -> HyperPodCluster | None:
        return self._records.get(arn)

    def all(self) -> list[HyperPodCluster]:
        return self._records.all()

    def within(self, account_id: str, region: str) -> list[HyperPodCluster]:
        return [each for each in self.all() if (each.account_id, each.region) == (account_id, region)]

    def find(self, account_id: str, region: str, name_or_arn: str) -> HyperPodCluster | None:
        here = self.within(account_id, region)
        return next((each for each in here if name_or_arn in (each.name, each.arn)), None)

    def add(self, cluster: HyperPodCluster) -> bool:
        """False when the name is taken."""
        with self._records.lock:
            if self.find(cluster.account_id, cluster.region, cluster.name) is not None:
                return False
            self.save(cluster)
        events.state_changed(cluster)
        return True

    def save(self, cluster: HyperPodCluster) -> None:
        self._records.put(cluster.arn, cluster)

    def remove(self, cluster: HyperPodCluster) -> None:
        self._records.remove(cluster.arn)

    @contextmanager
    def changing(self, cluster: HyperPodCluster) -> Iterator[None]:
        """Change several things of a cluster, or read and then change, as one step."""
        with self._records.lock:
            yield
            self.save(cluster)

    def occupy(self, cluster: HyperPodCluster, status: str, request: dict[str, Any] | None = None) -> None:
        """Begin an operation, with a new request or without. ConflictException while another is at work."""
        with self.changing(cluster):
            if cluster.status not in SETTLED:
                raise ServiceError(
                    "ConflictException",
                    f"Cluster {cluster.name} is {cluster.status}: it must be {' or '.join(sorted(SETTLED))}.",
                )
            cluster.status, cluster.failure = status, ""
            cluster.request = cluster.request if request is None else request
        events.state_changed(cluster)

    def occupied(self, cluster: HyperPodCluster, status: str) -> bool:
        """Whether an operation could begin: False while another is at work."""
        try:
            self.occupy(cluster, status)
        except ServiceError:
            return False
        return True

    def turn(self, cluster: HyperPodCluster, status: str, failure: str = "") -> None:
        """Enter a state, with the reason of a failure."""
        with self.changing(cluster):
            cluster.status, cluster.failure = status, failure
        events.state_changed(cluster)
