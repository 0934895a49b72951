"""Frozen types for the configuration of a HyperPod cluster.

Values and limits are those of the CloudFormation type AWS::SageMaker::Cluster. config/checks has the
requirements between values, on the network and on the region.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network

from config.file_systems import Lustre
from config.slurm import SlurmConfig, SlurmOrchestrator


class EndpointAccess(StrEnum):
    """Endpoints of a cluster's Kubernetes API.

    There is always a public one: CodeBuild installs the charts from outside the network (ADR 0070).
    """

    PUBLIC = "public"
    PUBLIC_AND_PRIVATE = "public-and-private"


class DeepHealthCheck(StrEnum):
    """Tests that HyperPod runs on an instance before it joins; values are the service's."""

    STRESS = "InstanceStress"
    CONNECTIVITY = "InstanceConnectivity"


class Capacity(StrEnum):
    """How instances are bought without a training plan."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class TaintEffect(StrEnum):
    """Kubernetes' taint effects."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


@dataclass(frozen=True, kw_only=True)
class Taint:
    """A Kubernetes taint, which repels pods that do not tolerate it."""

    key: str
    value: str
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


@dataclass(frozen=True, kw_only=True)
class ClusterSubnet:
    """A subnet for nodes: a secondary block of the network in one zone.

    By id (`use1-az6`), not by name: capacity belongs to a physical zone, and the names of zones differ
    between accounts.
    """

    zone_id: str
    cidr: str

    @property
    def network(self) -> IPv4Network | None:
        """The block as a network; None if a VPC does not accept it."""
        try:
            network = IPv4Network(self.cidr)
        except ValueError:
            return None
        return network if 16 <= network.prefixlen <= 28 else None


@dataclass(frozen=True, kw_only=True)
class InstanceGroup:
    """A group of equal nodes, for open weights and for the cluster's own services.

    HyperPod tries several `instance_types` in their order. `min_count` is the number of nodes with which the
    group is in service; None requires all of `count`. An empty `zone_id` selects the cluster's first subnet.
    `volume_gib` is the size of a second volume. `software_updates` is the cron expression by which HyperPod
    patches the nodes. `slurm` is required on Slurm and not allowed on EKS.
    """

    name: str
    instance_types: tuple[str, ...]
    count: int
    min_count: int | None = None
    zone_id: str = ""
    volume_gib: int | None = None
    threads_per_core: int | None = None
    deep_health_checks: tuple[DeepHealthCheck, ...] = ()
    training_plan_arn: str = ""
    capacity: Capacity | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    software_updates: str = ""
    slurm: SlurmConfig | None = None

    @property
    def least_count(self) -> int:
        """Number of nodes with which the group is in service."""
        return self.count if self.min_count is None else self.min_count


@dataclass(frozen=True, kw_only=True)
class RestrictedGroup:
    """A group of nodes that run only Amazon Nova's own containers.

    `lustre` is the group's own file system; without it the group uses the cluster's `shared_lustre`.
    """

    name: str
    instance_type: str
    count: int
    lustre: Lustre | None = None
    zone_id: str = ""
    volume_gib: int | None = None
    threads_per_core: int | None = None
    deep_health_checks: tuple[DeepHealthCheck, ...] = ()
    training_plan_arn: str = ""

    @property
    def instance_types(self) -> tuple[str, ...]:
        """The instance type as a tuple, as in InstanceGroup."""
        return (self.instance_type,)

    @property
    def least_count(self) -> int:
        """All nodes: restricted groups have no minimum count."""
        return self.count


@dataclass(frozen=True, kw_only=True)
class PriorityClass:
    """A class of jobs; a higher weight has precedence."""

    name: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Quota:
    """Number of instances of a type that a team is guaranteed."""

    instance_type: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team's share of the cluster; its namespace is `hyperpod-ns-<name>`.

    `borrow_limit_percent` is the share beyond its quota that it may borrow from idle teams; with None it
    neither lends nor borrows.
    """

    name: str
    quotas: tuple[Quota, ...]
    fair_share_weight: int = 0
    borrow_limit_percent: int | None = 50


@dataclass(frozen=True, kw_only=True)
class TaskGovernance:
    """Priority classes and the quotas of teams.

    Atelier's own jobs belong to the first team, and to the class `jobs_priority` if it is set.
    """

    priority_classes: tuple[PriorityClass, ...] = ()
    teams: tuple[Team, ...] = ()
    jobs_priority: str | None = None


@dataclass(frozen=True, kw_only=True)
class EksOrchestrator:
    """Amazon EKS as orchestrator. `administrators` are names of IAM roles that administer the cluster.

    `lustre` is the file system that jobs of open weights share, linked to the bucket. With `charts` False the
    stack installs no HyperPod chart, because something else provides its content, as in the embedded cloud.
    `services` lets jobs create Deployments, Jobs and Secrets, as reinforcement learning requires.
    `image_registry` has copies of the chart's public images, for nodes without internet access.
    """

    kubernetes_version: str
    endpoint_access: EndpointAccess
    administrators: tuple[str, ...] = ()
    lustre: Lustre | None = None
    charts: bool = True
    services: bool = False
    image_registry: str = ""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """One HyperPod cluster: instance groups for open weights, or restricted groups for Nova.

    `karpenter` adds and removes nodes as jobs need them; `tiered_storage_percent` is the share of nodes'
    memory for checkpoints. `monthly_budget_usd` sends notices and stops nothing; None sends none.
    `inference_operator` serves models on the cluster's own nodes. `overrides` names disputed checks
    (docs/clusters.md) that do not apply.
    """

    name: str
    orchestrator: EksOrchestrator | SlurmOrchestrator
    subnets: tuple[ClusterSubnet, ...]
    monthly_budget_usd: int | None
    groups: tuple[InstanceGroup, ...] = ()
    restricted_groups: tuple[RestrictedGroup, ...] = ()
    shared_lustre: Lustre | None = None
    node_recovery: bool = True
    continuous_provisioning: bool = False
    karpenter: bool = False
    tiered_storage_percent: int | None = None
    task_governance: TaskGovernance | None = None
    training_operator: bool = False
    observability: bool = False
    inference_operator: bool = False
    overrides: tuple[str, ...] = ()

    @property
    def is_restricted(self) -> bool:
        """True for a cluster that only trains Amazon Nova."""
        return bool(self.restricted_groups)

    @property
    def all_groups(self) -> tuple[InstanceGroup | RestrictedGroup, ...]:
        """Instance groups and restricted groups."""
        return (*self.groups, *self.restricted_groups)

    @property
    def suffix(self) -> str:
        """The suffix of its stack's name: `OpenWeightsCluster` for `open-weights`."""
        return "".join(word.capitalize() for word in re.split("-+", self.name)) + "Cluster"
