"""Checks of clusters with Slurm: node types, excluded features, names and file systems."""

from __future__ import annotations

import re
from collections import Counter

from config.checks.check import FSX, SLURM_GUIDE, SLURM_REFERENCE, Violations, check
from config.cluster import Capacity, ClusterConfig
from config.slurm import NodeType, SlurmOrchestrator, SlurmStrategy

LUSTRE_THROUGHPUTS = (125, 250, 500, 1000)
HOME_THROUGHPUTS = (160, 320, 640, 1280, 2560, 3840, 5120, 7680, 10_240)
LONGEST_NAME = 32
EVERYBODYS_PARTITION = "dev"
KUBERNETES_ONLY = (
    "restricted_groups",
    "karpenter",
    "tiered_storage_percent",
    "task_governance",
    "training_operator",
    "observability",
    "inference_operator",
)

_PARTITION = r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"


@check(
    "On Slurm every group says what its nodes are: exactly one group of exactly one controller, at most one "
    "group of logins, at least one that computes; on EKS none does.",
    SLURM_REFERENCE,
)
def slurm_nodes(cluster: ClusterConfig, _region: str) -> Violations:
    if not isinstance(cluster.orchestrator, SlurmOrchestrator):
        for group in cluster.groups:
            if group.slurm:
                yield f"group {group.name!r} slurm: only where the orchestrator is Slurm"
        return
    for group in cluster.groups:
        if group.slurm is None:
            yield f"group {group.name!r} slurm: accepted: a SlurmConfig with {', '.join(NodeType)}"
        elif group.slurm.node_type is NodeType.CONTROLLER and (group.count, group.least_count) != (1, 1):
            yield f"group {group.name!r} count = {group.count}: a controller is one node, always"
    types = Counter(group.slurm.node_type for group in cluster.groups if group.slurm)
    if types[NodeType.CONTROLLER] != 1:
        yield f"groups: {types[NodeType.CONTROLLER]} of {NodeType.CONTROLLER}; accepted: exactly 1"
    if types[NodeType.LOGIN] > 1:
        yield f"groups: {types[NodeType.LOGIN]} of {NodeType.LOGIN}; accepted: at most 1"
    if not types[NodeType.COMPUTE]:
        yield f"groups: none of {NodeType.COMPUTE}; accepted: at least 1"


@check(
    "A group that computes has exactly one partition, of letters and digits with hyphens between, and not "
    f"{EVERYBODYS_PARTITION}, which every node is in; other groups have none. A partition is one group's, of "
    "one instance type.",
    f"{SLURM_REFERENCE}; ours: a job asks a partition for nodes of a type",
)
def slurm_partitions(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.groups:
        if group.slurm is None:
            continue
        field = f"group {group.name!r} slurm.partition = {group.slurm.partition!r}"
        if group.slurm.node_type is not NodeType.COMPUTE:
            if group.slurm.partition:
                yield f"{field}: accepted: none, of {group.slurm.node_type}"
        elif not re.fullmatch(_PARTITION, group.slurm.partition):
            yield f"{field}: accepted: letters and digits, with hyphens between"
        elif group.slurm.partition == EVERYBODYS_PARTITION:
            yield f"{field}: accepted: another name; every node is in {EVERYBODYS_PARTITION}"
        elif len(group.instance_types) > 1:
            yield f"group {group.name!r} instance_types = {group.instance_types!r}: accepted: one"
    partitions = Counter(group.slurm.partition for group in cluster.groups if group.slurm)
    for partition, times in partitions.items():
        if partition and times > 1:
            yield f"groups: partition {partition!r} occurs {times} times; accepted: one group per partition"


@check(
    "A strategy for a changed slurm.conf is required, because AWS's documents name different defaults; with "
    "continuous provisioning it is not allowed, because CreateCluster refuses it.",
    SLURM_GUIDE,
)
def slurm_strategy(cluster: ClusterConfig, _region: str) -> Violations:
    slurm = cluster.orchestrator
    if not isinstance(slurm, SlurmOrchestrator):
        return
    if cluster.continuous_provisioning and slurm.strategy:
        yield f"orchestrator.strategy = {slurm.strategy}: accepted: none, with continuous_provisioning"
    if not cluster.continuous_provisioning and not slurm.strategy:
        yield f"orchestrator.strategy = None: accepted: {', '.join(SlurmStrategy)}"


@check(
    "An accounting database needs continuous provisioning, a class of RDS, and 20 to 65,536 GiB.",
    "CloudFormation types AWS::SageMaker::Cluster and AWS::RDS::DBInstance",
)
def slurm_accounting(cluster: ClusterConfig, _region: str) -> Violations:
    slurm = cluster.orchestrator
    if not isinstance(slurm, SlurmOrchestrator) or slurm.accounting is None:
        return
    database = slurm.accounting
    if not cluster.continuous_provisioning:
        yield "orchestrator.accounting: needs continuous_provisioning; without it, it is on the controller"
    if not re.fullmatch(r"db\.[a-z0-9]+\.[a-z0-9]+", database.instance_class):
        yield f"orchestrator.accounting.instance_class = {database.instance_class!r}: such as db.t4g.small"
    if not 20 <= database.size_gib <= 65_536:
        yield f"orchestrator.accounting.size_gib = {database.size_gib}: accepted: 20 to 65536"


@check(
    "Slurm has no restricted groups, Karpenter, tiered storage, task governance, training operator, "
    "observability add-on, inference operator, labels or taints: they are Kubernetes'.",
    "CloudFormation type AWS::SageMaker::Cluster; Amazon SageMaker AI guide, HyperPod with Amazon EKS",
)
def slurm_is_not_kubernetes(cluster: ClusterConfig, _region: str) -> Violations:
    if not isinstance(cluster.orchestrator, SlurmOrchestrator):
        return
    for field in KUBERNETES_ONLY:
        value = getattr(cluster, field)
        if value is not None and value is not False and value != ():
            yield f"{field}: not on Slurm; remove it, or use a cluster on EKS"
    for group in cluster.groups:
        for field in ("labels", "taints"):
            if getattr(group, field):
                yield f"group {group.name!r} {field}: not on Slurm, which has partitions"


@check(
    "A controller is not on spot: HyperPod cannot replace it, and without it there is no cluster.",
    SLURM_GUIDE,
)
def slurm_controller_stays(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.groups:
        is_controller = group.slurm and group.slurm.node_type is NodeType.CONTROLLER
        if is_controller and group.capacity is Capacity.SPOT:
            yield f"group {group.name!r} capacity = {group.capacity}: accepted: on-demand, of a controller"


@check(
    f"A Slurm cluster's name has at most {LONGEST_NAME} lower-case letters, digits and hyphens: it names its "
    "queue and its objects, and HyperPod's name of it adds the environment and eight characters.",
    "CloudFormation types AWS::SageMaker::Cluster and AWS::SQS::Queue; sample-physical-ai-scaffolding-kit",
)
def slurm_names(cluster: ClusterConfig, _region: str) -> Violations:
    if not isinstance(cluster.orchestrator, SlurmOrchestrator):
        return
    if not re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", cluster.name) or len(cluster.name) > LONGEST_NAME:
        yield f"name = {cluster.name!r}: accepted: at most {LONGEST_NAME} of a-z, 0-9 and single hyphens"


@check(
    "A Slurm cluster has one subnet: its file systems and the nodes that mount them are in one zone.",
    SLURM_GUIDE,
)
def slurm_one_zone(cluster: ClusterConfig, _region: str) -> Violations:
    if isinstance(cluster.orchestrator, SlurmOrchestrator) and len(cluster.subnets) > 1:
        yield f"subnets: {len(cluster.subnets)}; accepted: 1, where the file systems are"


@check(
    "A Lustre file system on Slurm has 1,200 GiB, or a multiple of 2,400, and 125, 250, 500 or 1,000 MB/s "
    f"for each TiB; homes have 64 to 524,288 GiB and {', '.join(map(str, HOME_THROUGHPUTS))} MB/s.",
    FSX,
)
def slurm_file_systems(cluster: ClusterConfig, _region: str) -> Violations:
    slurm = cluster.orchestrator
    if not isinstance(slurm, SlurmOrchestrator):
        return
    size = slurm.lustre.size_gib
    if size != 1200 and (size <= 0 or size % 2400):
        yield f"orchestrator.lustre.size_gib = {size}: accepted: 1200, or a multiple of 2400"
    if slurm.lustre.throughput not in LUSTRE_THROUGHPUTS:
        accepted = ", ".join(map(str, LUSTRE_THROUGHPUTS))
        yield f"orchestrator.lustre.throughput = {slurm.lustre.throughput}: accepted: {accepted} MB/s a TiB"
    if not 64 <= slurm.home.size_gib <= 524_288:
        yield f"orchestrator.home.size_gib = {slurm.home.size_gib}: accepted: 64 to 524288"
    if slurm.home.throughput not in HOME_THROUGHPUTS:
        accepted = ", ".join(map(str, HOME_THROUGHPUTS))
        yield f"orchestrator.home.throughput = {slurm.home.throughput}: accepted: {accepted} MB/s"
