"""What clusters of one environment demand of each other and of the network that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from ipaddress import IPv4Network
from itertools import combinations

from config.cluster import ClusterConfig
from config.cluster_checks import faults_of

MOST_BLOCKS = 5
"""IPv4 blocks of a VPC, the first one included (Amazon VPC quotas; can be raised)."""


def faults_of_clusters(
    clusters: Sequence[ClusterConfig], *, region: str, network_cidr: str | None
) -> list[str]:
    """Everything that is wrong with an environment's clusters; `network_cidr` None: a network not ours."""
    if not clusters:
        return []
    if network_cidr is None:
        return ["clusters: need a network of our own (NewNetwork), to whose routes their subnets are added"]
    faults = [fault for cluster in clusters for fault in faults_of(cluster, region)]
    for noun, times in Counter(cluster.noun for cluster in clusters).items():
        if times > 1:
            faults.append(f"clusters: {noun} comes {times} times; each name once")
    subnets = [(cluster.name, subnet) for cluster in clusters for subnet in cluster.subnets]
    if len(subnets) >= MOST_BLOCKS:
        faults.append(
            f"clusters: {len(subnets)} subnets; at most {MOST_BLOCKS - 1} beside the network's block"
        )
    blocks = [("the network", IPv4Network(network_cidr))]
    blocks += [(f"cluster {name}", subnet.network) for name, subnet in subnets if subnet.network is not None]
    for (owner, block), (other, taken) in combinations(blocks, 2):
        if block.overlaps(taken):
            faults.append(f"{other} subnets cidr = {taken}: overlaps {block} of {owner}")
    return faults
