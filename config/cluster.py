"""The shape of a HyperPod cluster: frozen; what AWS refuses half an hour into a deployment is refused here.

Single values and limits: the CloudFormation type AWS::SageMaker::Cluster. What values demand of each other,
of the network and of the region: config/checks.
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
    """From where the Kubernetes API of a cluster is reached.

    Never from inside alone: what installs the charts runs outside the network (ADR 0070).
    """

    PUBLIC = "public"
    PUBLIC_AND_PRIVATE = "public-and-private"


class DeepHealthCheck(StrEnum):
    """What HyperPod runs on an instance before it joins; values are the service's."""

    STRESS = "InstanceStress"
    CONNECTIVITY = "InstanceConnectivity"


class Capacity(StrEnum):
    """How instances are bought where no training plan holds them."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class TaintEffect(StrEnum):
    """Kubernetes' own words."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


@dataclass(frozen=True, kw_only=True)
class Taint:
    """Keeps pods away that do not tolerate it."""

    key: str
    value: str
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


@dataclass(frozen=True, kw_only=True)
class ClusterSubnet:
    """Where nodes get their addresses: a secondary block of the network, in one zone by its id.

    By id (`use1-az6`), not by name: training plans and capacity are of a zone, and each account names zones
    in an order of its own.
    """

    zone_id: str
    cidr: str

    @property
    def network(self) -> IPv4Network | None:
        """The block; None when it is none that a VPC takes."""
        try:
            network = IPv4Network(self.cidr)
        except ValueError:
            return None
        return network if 16 <= network.prefixlen <= 28 else None


@dataclass(frozen=True, kw_only=True)
class InstanceGroup:
    """Nodes of one kind, for open weights and for the cluster's own services.

    More than one of `instance_types` are taken in their order, as capacity allows. `min_count` is how many
    must come up for the group to stand; None asks for all of `count`. `zone_id` empty is the cluster's first
    subnet. `volume_gib` is a volume beside the root. `software_updates` is the cron expression by which
    HyperPod patches the nodes. `slurm` is the group's part in a cluster that Slurm runs, and only there.
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
        """How many nodes must be there for the group to be called whole."""
        return self.count if self.min_count is None else self.min_count


@dataclass(frozen=True, kw_only=True)
class RestrictedGroup:
    """Nodes on which nothing but Amazon Nova's own containers runs.

    `lustre` is its own file system; without one the group uses the cluster's `shared_lustre`.
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
        """Its one type, as InstanceGroup spells it."""
        return (self.instance_type,)

    @property
    def least_count(self) -> int:
        """All of them: a restricted group knows no minimum."""
        return self.count


@dataclass(frozen=True, kw_only=True)
class PriorityClass:
    """A class of jobs; a higher weight goes first."""

    name: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How many instances of a type a team may count on."""

    instance_type: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team's share of the cluster: its namespace is `hyperpod-ns-<name>`.

    `borrow_limit_percent` is how much beyond its own quota it may borrow from idle teams; None: it neither
    lends nor borrows.
    """

    name: str
    quotas: tuple[Quota, ...]
    fair_share_weight: int = 0
    borrow_limit_percent: int | None = 50


@dataclass(frozen=True, kw_only=True)
class TaskGovernance:
    """Who goes first, and whose the instances are.

    Atelier's own jobs are the first team's, and of the class `jobs_priority`, where one is named.
    """

    priority_classes: tuple[PriorityClass, ...] = ()
    teams: tuple[Team, ...] = ()
    jobs_priority: str | None = None


@dataclass(frozen=True, kw_only=True)
class EksOrchestrator:
    """Kubernetes runs the jobs. `administrators` are names of roles whose people administer the cluster.

    `lustre` is the file system that jobs of open weights share, linked to the bucket. `charts` False: others
    put into Kubernetes what HyperPod needs there before it makes nodes, as the embedded cloud does.
    `services` lets jobs bring Deployments, Jobs and Secrets of their own, as reinforcement learning does.
    `image_registry` has copies of the chart's images from outside AWS, for nodes without the internet.
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

    `karpenter` adds and removes nodes as jobs ask for them; `tiered_storage_percent` is the share of their
    memory that keeps checkpoints. `monthly_budget_usd` is where people are told, not where anything stops;
    None: nobody is told. `inference_operator` serves models on the cluster's own nodes.
    `overrides` names disputed checks (docs/clusters.md) whose fact has changed, or that you know better.
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
        """True when Nova trains on it, and nothing else."""
        return bool(self.restricted_groups)

    @property
    def all_groups(self) -> tuple[InstanceGroup | RestrictedGroup, ...]:
        """Every group, of either kind."""
        return (*self.groups, *self.restricted_groups)

    @property
    def suffix(self) -> str:
        """`OpenWeightsCluster` of `open-weights`: what its stack is called."""
        return "".join(word.capitalize() for word in re.split("-+", self.name)) + "Cluster"
