"""Checks of instance groups, restricted or not."""

from __future__ import annotations

import re
from collections import Counter

from config.checks.check import CFN, GUIDE, TERRAFORM, Violations, check
from config.cluster import ClusterConfig, InstanceGroup

_NAME = r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"
_INSTANCE_TYPE = r"ml\.[a-z0-9-]+\.[a-z0-9]+"
_PLAN = r"arn:[a-z-]+:sagemaker:[a-z0-9-]*:\d{12}:training-plan/.+"
_SCHEDULE = r"cron\(\S+( \S+){5}\)"
_MOST_NODES = 6758


@check("Names are letters and digits with hyphens between, at most 63, and groups' are unique.", CFN)
def names(cluster: ClusterConfig, _region: str) -> Violations:
    named = {"name": cluster.name}
    named |= {f"group {group.name!r} name": group.name for group in cluster.all_groups}
    for field, name in named.items():
        if not re.fullmatch(_NAME, name) or len(name) > 63:
            yield f"{field} = {name!r}: accepted: at most 63 letters and digits, with hyphens between"
    for name, times in Counter(group.name for group in cluster.all_groups).items():
        if times > 1:
            yield f"groups: {name!r} occurs {times} times; accepted: each name once"


@check("A cluster has instance groups or restricted groups, 1 to 100 of them, and never both.", TERRAFORM)
def one_kind_of_group(cluster: ClusterConfig, _region: str) -> Violations:
    if cluster.groups and cluster.restricted_groups:
        yield "groups and restricted_groups: a cluster has one kind or the other; make two clusters"
    count = len(cluster.all_groups)
    if not 1 <= count <= 100:
        yield f"groups: {count}; accepted: 1 to 100"


@check("Counts are 0 to 6,758; a minimum is at most the count.", CFN)
def counts(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.all_groups:
        if not 0 <= group.count <= _MOST_NODES:
            yield f"group {group.name!r} count = {group.count}: accepted: 0 to {_MOST_NODES}"
        elif not 0 <= group.least_count <= group.count:
            yield f"group {group.name!r} min_count = {group.least_count}: accepted: 0 to {group.count}"


@check("A group names 1 to 20 instance types, of the form ml.<family>.<size>, each once.", CFN)
def instance_types(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.all_groups:
        types = group.instance_types
        if not 1 <= len(set(types)) == len(types) <= 20:
            yield f"group {group.name!r} instance_types = {types!r}: accepted: 1 to 20 different ones"
        for instance_type in types:
            if not re.fullmatch(_INSTANCE_TYPE, instance_type):
                yield f"group {group.name!r} instance_type = {instance_type!r}: accepted: ml.<family>.<size>"


@check("Karpenter, a minimum count, several instance types and spot need continuous provisioning.", GUIDE)
def continuous_features(cluster: ClusterConfig, _region: str) -> Violations:
    if cluster.continuous_provisioning:
        return
    if cluster.karpenter:
        yield "karpenter = True: needs continuous_provisioning"
    for group in cluster.groups:
        features = {
            "min_count": group.min_count,
            "instance_types": group.instance_types if len(group.instance_types) > 1 else None,
            "capacity": group.capacity and group.capacity.value,
        }
        for field, value in features.items():
            if value is not None:
                yield f"group {group.name!r} {field} = {value!r}: needs continuous_provisioning"


@check("Deep health checks put their own taints on nodes: a group has one or the other.", GUIDE)
def taints(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.groups:
        if group.taints and group.deep_health_checks:
            yield f"group {group.name!r} taints: not together with deep_health_checks"
        if len(group.taints) > 50:
            yield f"group {group.name!r} taints: {len(group.taints)}; at most 50"


@check("A training plan is named by its ARN and is itself how instances are bought.", CFN)
def training_plans(cluster: ClusterConfig, _region: str) -> Violations:
    for group in cluster.all_groups:
        if group.training_plan_arn and not re.fullmatch(_PLAN, group.training_plan_arn):
            field = f"training_plan_arn = {group.training_plan_arn!r}"
            yield f"group {group.name!r} {field}: accepted: an ARN with training-plan/<name>"
        if group.training_plan_arn and isinstance(group, InstanceGroup) and group.capacity:
            yield f"group {group.name!r} capacity = {group.capacity.value}: not with a training plan"


@check(
    "Threads per core are 1 or 2, a volume has 1 to 16,384 GiB, updates follow a cron expression, tiered "
    "storage takes 0 to 100 percent of memory.",
    CFN,
)
def single_values(cluster: ClusterConfig, _region: str) -> Violations:
    percent = cluster.tiered_storage_percent
    if percent is not None and not 0 <= percent <= 100:
        yield f"tiered_storage_percent = {percent}: accepted: 0 to 100"
    for group in cluster.all_groups:
        if group.threads_per_core not in (None, 1, 2):
            yield f"group {group.name!r} threads_per_core = {group.threads_per_core}: accepted: 1, 2"
        if group.volume_gib is not None and not 1 <= group.volume_gib <= 16_384:
            yield f"group {group.name!r} volume_gib = {group.volume_gib}: accepted: 1 to 16384"
    for group in cluster.groups:
        if group.software_updates and not re.fullmatch(_SCHEDULE, group.software_updates):
            accepted = "accepted: an expression such as cron(0 3 ? * SUN *)"
            yield f"group {group.name!r} software_updates = {group.software_updates!r}: {accepted}"
