"""Checks of zones, subnets, and addresses for every node."""

from __future__ import annotations

import re
from collections import Counter

from config.checks.check import GUIDE, Violations, check
from config.checks.sizes import LARGE, size_of
from config.cluster import ClusterConfig, EksOrchestrator
from config.slurm import SlurmOrchestrator

EC2 = "Amazon EC2 user guide, availability zone ids"
VPC = "Amazon VPC user guide, subnet sizing"

SMALL_TYPE, LARGE_TYPE = "ml.g5.48xlarge", "ml.p5.48xlarge"
NODE_ADDRESSES = {
    EksOrchestrator: {SMALL_TYPE: 15, "ml.p4d.24xlarge": 51, LARGE_TYPE: 81, "ml.trn1.32xlarge": 57},
    SlurmOrchestrator: {SMALL_TYPE: 2, "ml.p4d.24xlarge": 4, LARGE_TYPE: 32, "ml.trn1.32xlarge": 8},
}
"""Addresses that a node uses, from AWS's documentation (see `addresses_of`); on EKS each pod has one."""
RESERVED_ADDRESSES = 5


@check(
    "Subnets are blocks of /16 to /28 in zones of the region, named by zone id, one a zone; a group's zone "
    "is one of them.",
    EC2,
)
def zones(cluster: ClusterConfig, region: str) -> Violations:
    if not cluster.subnets:
        yield "subnets: at least one"
    prefix = zone_prefix(region)
    for subnet in cluster.subnets:
        if not re.fullmatch(rf"{prefix}-az\d+", subnet.zone_id):
            yield f"subnets zone_id = {subnet.zone_id!r}: an id such as {prefix}-az1, not a zone's name"
        if subnet.network is None:
            yield f"subnets cidr = {subnet.cidr!r}: an IPv4 block such as 10.100.0.0/16, of /16 to /28"
    known = [subnet.zone_id for subnet in cluster.subnets]
    for zone_id, times in Counter(known).items():
        if times > 1:
            yield f"subnets: {zone_id!r} occurs {times} times; accepted: one subnet per zone"
    for group in cluster.all_groups:
        if group.zone_id and group.zone_id not in known:
            yield f"group {group.name!r} zone_id = {group.zone_id!r}: accepted: {', '.join(known)}"


@check(
    "A subnet has addresses for every node of its groups: a p5 takes 81 on EKS and 32 on Slurm; types that "
    "no document names are counted as the nearest above.",
    f"{GUIDE} (addresses a node); {VPC} (five are reserved)",
    is_disputed=True,
)
def addresses(cluster: ClusterConfig, _region: str) -> Violations:
    for index, subnet in enumerate(cluster.subnets):
        if subnet.network is None:
            continue
        needed = sum(
            group.count * max((addresses_of(each, on=cluster) for each in group.instance_types), default=0)
            for group in cluster.all_groups
            if group.zone_id == subnet.zone_id or (not group.zone_id and index == 0)
        )
        free = subnet.network.num_addresses - RESERVED_ADDRESSES
        if needed > free:
            yield f"subnets {subnet.zone_id} cidr = {subnet.cidr}: {free} addresses for {needed}"


def addresses_of(instance_type: str, *, on: ClusterConfig) -> int:
    """Addresses that one node uses in its subnet."""
    known = NODE_ADDRESSES[type(on.orchestrator)]
    return known.get(instance_type, known[LARGE_TYPE if size_of(instance_type) > LARGE else SMALL_TYPE])


def zone_prefix(region: str) -> str:
    """The prefix of EC2's zone ids in a region: `use1` for us-east-1."""
    area, *directions, number = region.split("-")
    return area + "".join(map(_initials, directions)) + number


def _initials(word: str) -> str:
    compound = re.fullmatch(r"(north|south)(east|west)", word)
    return compound[1][0] + compound[2][0] if compound else word[0]
