"""What a job must know of the cluster that it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atelier.errors import UnsupportedCombination
from atelier.platforms.resolved_stage import Instance

PLATFORM_NAME = "hyperpod-eks"


@dataclass(frozen=True, kw_only=True)
class SharedStorage:
    """A file system that pods mount by a claim, and the part of S3 that it is linked to.

    `s3_uri` ends in a slash: of an FSx for Lustre file system it is the data repository association's.
    """

    claim: str
    mount_path: str
    s3_uri: str

    def path_of(self, uri: str) -> str:
        """Where a pod finds an object. UnsupportedCombination when the file system does not show it."""
        if not uri.startswith(self.s3_uri):
            raise UnsupportedCombination(
                f"{uri}: pods of the cluster read files below {self.s3_uri} only, as {self.mount_path}"
            )
        return f"{self.mount_path.rstrip('/')}/{uri.removeprefix(self.s3_uri)}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A HyperPod cluster on EKS, and how jobs get nodes there.

    `name` is HyperPod's, `configured_name` what the environment and run files call it; `instance_types` are
    its nodes'. `is_restricted`: its groups are restricted instance groups, which run Nova and nothing else.
    `queue` (a LocalQueue of the namespace) and `priority` (the priority class's name with `-priority`) belong
    to task governance, which restricted clusters lack. A job whose pods got no node for
    `start_within_seconds` has no capacity. `allows_services`: the Role of those who submit lets them make
    what the payloads of AWS's hub hold beside a job (`resources.role_rules`).
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
        governance = ("queue", "priority")
        set_ones = [name for name in governance if getattr(self, name)]
        if self.is_restricted and set_ones:
            raise UnsupportedCombination(
                f"{set_ones[0]} = {getattr(self, set_ones[0])!r}: cluster {self.name} is restricted, "
                "and restricted instance groups have no task governance; leave it out"
            )

    @property
    def kueue_labels(self) -> dict[str, str]:
        """Labels by which Kueue takes a workload into a queue."""
        wanted = {
            "kueue.x-k8s.io/queue-name": self.queue,
            "kueue.x-k8s.io/priority-class": self.priority,
        }
        return {name: value for name, value in wanted.items() if value}

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
        """Restricted groups run Nova and nothing else, and Nova runs nowhere else on a cluster."""
        return open_weights is not self.is_restricted

    def has_nodes_for(self, instance_type: str | None, _replicas: int) -> bool:
        """True when it has groups of the type; how many nodes are free is for its scheduler to find."""
        return instance_type in self.instance_types


def devices(instance: Instance, *, gpus: int | None = None) -> dict[str, Any]:
    """The resources of a container that has a node to itself; `gpus` where the recipe wants fewer."""
    wanted = {
        "nvidia.com/gpu": instance.accelerators if gpus is None else min(gpus, instance.accelerators),
        "vpc.amazonaws.com/efa": instance.efa_devices,
    }
    amounts = {name: amount for name, amount in wanted.items() if amount}
    return {"limits": amounts, "requests": dict(amounts)} if amounts else {}
