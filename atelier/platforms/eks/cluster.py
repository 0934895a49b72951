"""A HyperPod cluster on EKS, as its jobs need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atelier.errors import UnsupportedCombination
from atelier.platforms.resolved_stage import Instance

PLATFORM_NAME = "hyperpod-eks"


@dataclass(frozen=True, kw_only=True)
class SharedStorage:
    """A file system that pods mount by a PersistentVolumeClaim, and its linked S3 prefix.

    `s3_uri` ends in a slash. For FSx for Lustre it is the URI of the data repository association.
    """

    claim: str
    mount_path: str
    s3_uri: str

    def path_of(self, uri: str) -> str:
        """The path of an S3 object in pods. UnsupportedCombination if it is outside `s3_uri`."""
        if not uri.startswith(self.s3_uri):
            raise UnsupportedCombination(
                f"{uri}: pods of this cluster read only files below {self.s3_uri} (as {self.mount_path})"
            )
        return f"{self.mount_path.rstrip('/')}/{uri.removeprefix(self.s3_uri)}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A HyperPod cluster on EKS, and how jobs get nodes on it.

    `name` is HyperPod's name, `configured_name` is the name in the environment and in run files.
    `is_restricted`: its instance groups are restricted, so they run only Nova. `queue` (a LocalQueue of the
    namespace) and `priority` (the name of the priority class with `-priority`) belong to task governance,
    which restricted clusters do not have. A job whose pods get no node within `start_within_seconds` fails
    for lack of capacity. `allows_services`: the Role for submitting jobs also allows the other objects of
    hub payloads (`resources.role_rules`).
    """

    name: str
    configured_name: str
    namespace: str
    region: str
    account: str
    is_restricted: bool
    instance_types: tuple[str, ...]
    queue: str | None = None
    priority: str | None = None
    storage: SharedStorage | None = None
    allows_services: bool = False
    start_within_seconds: int = 3600

    def __post_init__(self) -> None:
        governance = [name for name in ("queue", "priority") if getattr(self, name)]
        if self.is_restricted and governance:
            raise UnsupportedCombination(
                f"{governance[0]} = {getattr(self, governance[0])!r}: cluster {self.name} is restricted, "
                f"and restricted instance groups have no task governance; leave {governance[0]} out"
            )

    @property
    def kueue_labels(self) -> dict[str, str]:
        """The labels that put a workload into a Kueue queue."""
        labels = {
            "kueue.x-k8s.io/queue-name": self.queue,
            "kueue.x-k8s.io/priority-class": self.priority,
        }
        return {name: value for name, value in labels.items() if value}

    @property
    def platform(self) -> str:
        """The platform of its jobs."""
        return PLATFORM_NAME

    @property
    def description(self) -> str:
        """Its name, the kind of its groups and their instance types."""
        groups = "restricted" if self.is_restricted else "standard"
        return f"{self.configured_name} ({', '.join((f'{groups} groups', *self.instance_types))})"

    def takes(self, *, open_weights: bool) -> bool:
        """True for Nova on restricted groups and for open weights on standard groups."""
        return open_weights is not self.is_restricted

    def has_nodes_for(self, instance_type: str | None, _replicas: int) -> bool:
        """True when it has groups of this type. The scheduler finds free nodes."""
        return instance_type in self.instance_types


def devices(instance: Instance, *, gpus: int | None = None) -> dict[str, Any]:
    """The resources of a container with a whole node; `gpus` if the recipe uses fewer accelerators."""
    available = {
        "nvidia.com/gpu": instance.accelerators if gpus is None else min(gpus, instance.accelerators),
        "vpc.amazonaws.com/efa": instance.efa_devices,
    }
    amounts = {name: amount for name, amount in available.items() if amount}
    return {"limits": amounts, "requests": dict(amounts)} if amounts else {}
