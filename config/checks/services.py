"""Checks of what runs on a cluster: its Kubernetes version, add-ons, task governance and budget."""

from __future__ import annotations

import re
from collections import Counter

from config.checks.check import GUIDE, Violations, check
from config.checks.sizes import LARGE, size_of
from config.cluster import ClusterConfig, EksOrchestrator, TaintEffect

KUBERNETES_VERSIONS = ("1.30", "1.31", "1.32", "1.33", "1.34", "1.35")
SCHEDULER_REGIONS = (
    "ap-northeast-1", "ap-south-1", "eu-central-1", "eu-north-1", "eu-south-2", "us-east-1",
    "us-west-1",
)  # fmt: skip
QUOTA_REGIONS = (
    "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-west-1",
    "eu-west-2", "sa-east-1", "us-east-1", "us-east-2", "us-west-2",
)  # fmt: skip

_LABEL = r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?"


@check(f"HyperPod runs on Kubernetes {', '.join(KUBERNETES_VERSIONS)}.", GUIDE, is_disputed=True)
def kubernetes_version(cluster: ClusterConfig, _region: str) -> Violations:
    if not isinstance(cluster.orchestrator, EksOrchestrator):
        return
    version = cluster.orchestrator.kubernetes_version
    if version not in KUBERNETES_VERSIONS:
        yield f"orchestrator.kubernetes_version = {version!r}: accepted: {', '.join(KUBERNETES_VERSIONS)}"


@check(
    "Task governance and observability install on a node of 4xlarge or larger that is always there.", GUIDE
)
def a_node_for_addons(cluster: ClusterConfig, _region: str) -> Violations:
    add_ons = [field for field in ("task_governance", "observability") if getattr(cluster, field)]
    is_there = any(
        group.least_count
        and not group.taints
        and all(size_of(instance_type) >= LARGE for instance_type in group.instance_types)
        for group in cluster.groups
    )
    if add_ons and not is_there:
        yield f"{', '.join(add_ons)}: at least one group without taints, of 4xlarge or larger: ml.c5.4xlarge"


@check(
    "CoreDNS and other add-ons run on a node without taints that is always there, or that Karpenter brings.",
    "Amazon EKS guide, add-ons: an add-on whose pods stay pending is DEGRADED, and its stack fails",
)
def a_node_without_taints(cluster: ClusterConfig, _region: str) -> Violations:
    if not isinstance(cluster.orchestrator, EksOrchestrator) or cluster.is_restricted:
        return
    if not any(
        (group.least_count or cluster.karpenter)
        and all(taint.effect is TaintEffect.PREFER_NO_SCHEDULE for taint in group.taints)
        for group in cluster.groups
    ):
        yield "groups: at least one needs no taints and, without karpenter, a min_count of 1 or more"


@check(
    "Names of priority classes and teams are lower-case labels of at most 40; ten classes at most; weights "
    "and limits are 0 to 100 and 0 to 10,000.",
    "CloudFormation types AWS::SageMaker::ClusterSchedulerConfig and AWS::SageMaker::ComputeQuota",
)
def governance_values(cluster: ClusterConfig, _region: str) -> Violations:
    rules = cluster.task_governance
    if rules is None:
        return
    if len(rules.priority_classes) > 10:
        yield f"task_governance.priority_classes: {len(rules.priority_classes)}; at most 10"
    weights = {f"priority class {each.name!r}": (each.name, each.weight) for each in rules.priority_classes}
    weights |= {f"team {team.name!r}": (team.name, team.fair_share_weight) for team in rules.teams}
    for owner, (name, weight) in weights.items():
        if not re.fullmatch(_LABEL, name):
            yield f"task_governance {owner} name = {name!r}: accepted: at most 40 of a-z, 0-9 and -"
        if not 0 <= weight <= 100:
            yield f"task_governance {owner} weight = {weight}: accepted: 0 to 100"
    classes = [each.name for each in rules.priority_classes]
    if rules.jobs_priority not in (None, *classes):
        yield f"task_governance.jobs_priority = {rules.jobs_priority!r}: accepted: {', '.join(classes)}"
    for team in rules.teams:
        if len(team.quotas) > 15 or len({quota.instance_type for quota in team.quotas}) < len(team.quotas):
            yield f"task_governance team {team.name!r} quotas: at most 15, of different instance types"
        if team.borrow_limit_percent is not None and not 0 <= team.borrow_limit_percent <= 10_000:
            limit = team.borrow_limit_percent
            yield f"task_governance team {team.name!r} borrow_limit_percent = {limit}: accepted: 0 to 10000"


@check(
    "Teams are promised no more instances than their cluster may have.",
    "Atelier: the teams' jobs could never all run",
)
def governance_promises(cluster: ClusterConfig, _region: str) -> Violations:
    if cluster.task_governance is None:
        return
    available: Counter[str] = Counter()
    for group in cluster.groups:
        available.update(dict.fromkeys(group.instance_types, group.count))
    promised: Counter[str] = Counter()
    for team in cluster.task_governance.teams:
        promised.update({quota.instance_type: quota.count for quota in team.quotas})
    for instance_type, count in promised.items():
        if count > available[instance_type]:
            has = available[instance_type]
            yield f"task_governance quotas of {instance_type} = {count}: the cluster has {has}"


@check(
    "CloudFormation makes priority classes and quotas in some regions only.",
    "CloudFormation registry: AWS::SageMaker::ClusterSchedulerConfig, AWS::SageMaker::ComputeQuota",
    is_disputed=True,
)
def governance_region(cluster: ClusterConfig, region: str) -> Violations:
    rules = cluster.task_governance
    if rules and rules.priority_classes and region not in SCHEDULER_REGIONS:
        known = ", ".join(SCHEDULER_REGIONS)
        yield f"task_governance.priority_classes in {region}: CloudFormation has them in {known}"
    if rules and rules.teams and region not in QUOTA_REGIONS:
        yield f"task_governance.teams in {region}: CloudFormation has them in {', '.join(QUOTA_REGIONS)}"


@check("A budget is a positive number of dollars a month.", "AWS Budgets")
def budget(cluster: ClusterConfig, _region: str) -> Violations:
    if cluster.monthly_budget_usd is not None and cluster.monthly_budget_usd <= 0:
        yield f"monthly_budget_usd = {cluster.monthly_budget_usd}: accepted: above 0"
