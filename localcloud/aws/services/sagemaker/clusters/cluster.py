"""HyperPod clusters as records: groups as requested, and their nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.aws.services.sagemaker.clusters.instance_types import CAPACITIES, Capacity

# From these a cluster can be changed; from all but Deleting it can be deleted.
SETTLED = frozenset({"InService", "Failed"})


@dataclass(frozen=True)
class Group:
    """An instance group of a request; `specification` is the request's own words."""

    specification: Mapping[str, Any]
    is_restricted: bool

    @property
    def name(self) -> str:
        return str(self.specification["InstanceGroupName"])

    @property
    def count(self) -> int:
        return int(self.specification["InstanceCount"])

    @property
    def execution_role(self) -> str:
        return str(self.specification["ExecutionRole"])

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The one type, or several in order of preference."""
        if "InstanceRequirements" in self.specification:
            return tuple(self.specification["InstanceRequirements"]["InstanceTypes"])
        return (self.specification["InstanceType"],)

    @property
    def lifecycle(self) -> Mapping[str, str]:
        """SourceS3Uri with OnCreate or OnInitComplete; empty where HyperPod sets nodes up itself."""
        found: Mapping[str, str] = self.specification.get("LifeCycleConfig", {})
        return found if "SourceS3Uri" in found else {}

    @property
    def slurm_node_type(self) -> str | None:
        """Controller, Login or Compute; None outside Slurm."""
        found: str | None = self.specification.get("SlurmConfig", {}).get("NodeType")
        return found

    @property
    def partitions(self) -> tuple[str, ...]:
        """The Slurm partitions of a compute group."""
        return tuple(self.specification.get("SlurmConfig", {}).get("PartitionNames", []))


@dataclass
class Node:
    """One instance of a group; times are seconds since the epoch."""

    instance_id: str
    logical_id: str
    group: str
    instance_type: str
    private_ip: str
    subnet_id: str
    launched: float
    software_updated: float
    status: str = "Pending"

    @property
    def host_name(self) -> str:
        """The instance's own name, by which Slurm knows it."""
        return f"ip-{self.private_ip.replace('.', '-')}"

    @property
    def capacity(self) -> Capacity:
        return CAPACITIES[self.instance_type]


@dataclass
class HyperPodCluster:
    """One cluster. `request` is CreateCluster's with every update since; `events` are EventDetails."""

    arn: str
    account_id: str
    region: str
    request: dict[str, Any]
    tags: dict[str, str]
    created: float
    status: str = "Creating"
    failure: str = ""
    nodes: list[Node] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, *, nodes: list[dict[str, Any]], **record: Any) -> HyperPodCluster:
        """A record as it is stored."""
        return cls(nodes=[Node(**node) for node in nodes], **record)

    @property
    def name(self) -> str:
        return str(self.request["ClusterName"])

    @property
    def id(self) -> str:
        """The ARN's last part, which names log groups and Session Manager's targets."""
        return self.arn.rpartition("/")[2]

    @property
    def is_continuous(self) -> bool:
        """Whether nodes come one by one, and events say how."""
        return self.request.get("NodeProvisioningMode") == "Continuous"

    @property
    def eks_cluster_arn(self) -> str | None:
        """The EKS cluster that orchestrates it; None under Slurm."""
        found: str | None = self.request.get("Orchestrator", {}).get("Eks", {}).get("ClusterArn")
        return found

    @property
    def groups(self) -> list[Group]:
        return [
            *(Group(each, is_restricted=False) for each in self.request.get("InstanceGroups", [])),
            *(Group(each, is_restricted=True) for each in self.request.get("RestrictedInstanceGroups", [])),
        ]

    def group(self, name: str) -> Group:
        return next(group for group in self.groups if group.name == name)

    def nodes_of(self, group: Group) -> list[Node]:
        return [node for node in self.nodes if node.group == group.name]

    def network_of(self, group: Group) -> Mapping[str, list[str]]:
        """The group's VpcConfig, its own or the cluster's; empty where HyperPod's own network serves."""
        found: Mapping[str, list[str]] = group.specification.get(
            "OverrideVpcConfig", self.request.get("VpcConfig", {})
        )
        return found

    def running(self) -> Iterator[tuple[Group, Node]]:
        """The nodes that jobs can run on, with their groups."""
        for group in self.groups:
            for node in self.nodes_of(group):
                if node.status == "Running":
                    yield group, node
