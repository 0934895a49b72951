"""Requirements of an environment's clusters on each other and on their network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from config.checks import violations_of
from config.cluster import ClusterConfig, EksOrchestrator, EndpointAccess
from config.network import (
    CLUSTER_ENDPOINTS,
    EKS_ENDPOINTS,
    FUNCTION_ENDPOINTS,
    ExistingNetwork,
    InterfaceEndpoint,
    NewNetwork,
)
from config.slurm import SlurmOrchestrator

MOST_BLOCKS = 5
"""IPv4 blocks of a VPC, the first one included (Amazon VPC quotas; can be raised)."""


def violations_of_clusters(
    clusters: Sequence[ClusterConfig], *, region: str, network: NewNetwork | ExistingNetwork
) -> list[str]:
    """Every violation by an environment's clusters."""
    if not clusters:
        return []
    if isinstance(network, ExistingNetwork):
        return ["clusters: need a network of our own (NewNetwork), to whose routes their subnets are added"]
    violations = [violation for cluster in clusters for violation in violations_of(cluster, region)]
    for suffix, times in Counter(cluster.suffix for cluster in clusters).items():
        if times > 1:
            violations.append(f"clusters: {suffix} occurs {times} times; accepted: each name once")
    return [*violations, *_overlaps(clusters, network), *_unreachable(clusters, network)]


def _overlaps(clusters: Sequence[ClusterConfig], network: NewNetwork) -> Iterator[str]:
    subnets = [(cluster.name, subnet) for cluster in clusters for subnet in cluster.subnets]
    if len(subnets) >= MOST_BLOCKS:
        yield f"clusters: {len(subnets)} subnets; at most {MOST_BLOCKS - 1} beside the network's block"
    blocks = [("the network", IPv4Network(network.cidr))]
    blocks += [(f"cluster {name}", subnet.network) for name, subnet in subnets if subnet.network is not None]
    for (owner, block), (other, taken) in combinations(blocks, 2):
        if block.overlaps(taken):
            yield f"{other} subnets cidr = {taken}: overlaps {block} of {owner}"


def _unreachable(clusters: Sequence[ClusterConfig], network: NewNetwork) -> Iterator[str]:
    """Without NAT: services that nodes and functions call, and clusters that functions cannot reach."""
    if network.nat_gateways:
        return
    on_eks = {
        cluster.name: cluster.orchestrator
        for cluster in clusters
        if isinstance(cluster.orchestrator, EksOrchestrator)
    }
    for name, eks in on_eks.items():
        access = eks.endpoint_access
        if access is EndpointAccess.PUBLIC:
            yield (
                f"cluster {name}: orchestrator.endpoint_access = {access.value}: the functions that "
                "submit jobs are in the network and reach it through nat_gateways only; accepted: "
                f"nat_gateways of 1 or more, or {EndpointAccess.PUBLIC_AND_PRIVATE.value}"
            )
    needed = {*CLUSTER_ENDPOINTS, *FUNCTION_ENDPOINTS} if on_eks else {*CLUSTER_ENDPOINTS} - {*EKS_ENDPOINTS}
    for cluster in clusters:
        if isinstance(cluster.orchestrator, SlurmOrchestrator):
            needed.add(InterfaceEndpoint.SQS)
            if cluster.orchestrator.accounting:
                needed.add(InterfaceEndpoint.SECRETS_MANAGER)
    missing = sorted(each.value for each in needed if each not in network.interface_endpoints)
    if missing:
        yield (
            f"clusters without nat_gateways need interface_endpoints {', '.join(missing)} "
            "(CLUSTER_ENDPOINTS, FUNCTION_ENDPOINTS), and copies of their images: docs/clusters.md"
        )
