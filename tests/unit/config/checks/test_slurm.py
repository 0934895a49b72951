"""Checks of a cluster with Slurm: refused values and messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from config.checks import CHECKS, violations_of
from config.checks.placement import NODE_ADDRESSES, addresses_of
from config.cluster import Capacity, ClusterConfig, ClusterSubnet, InstanceGroup, RestrictedGroup
from config.clusters import violations_of_clusters
from config.environments.dev import DEV
from config.file_systems import Lustre, OpenZfs
from config.network import CLUSTER_ENDPOINTS, InterfaceEndpoint, NewNetwork
from config.slurm import AccountingDatabase, NodeType, SlurmConfig, SlurmOrchestrator, SlurmStrategy
from tests.fixtures.slurm_clusters import COMPUTE, CONTROLLER, LOGIN, SLURM

CONTINUOUS = replace(SLURM, orchestrator=SlurmOrchestrator(), continuous_provisioning=True)


def groups(*members: InstanceGroup) -> dict[str, Any]:
    return {"groups": members}


def of(group: InstanceGroup, **changes: Any) -> dict[str, Any]:
    """Change one group of the cluster."""
    return groups(*(replace(each, **changes) if each == group else each for each in SLURM.groups))


def partition(name: str, group: InstanceGroup = COMPUTE) -> dict[str, Any]:
    assert group.slurm is not None
    return of(group, slurm=replace(group.slurm, partition=name))


def slurm(**changes: Any) -> dict[str, Any]:
    return {"orchestrator": SlurmOrchestrator(**{"strategy": SlurmStrategy.MANAGED, **changes})}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("slurm-nodes", groups(LOGIN, COMPUTE), "groups: 0 of Controller; accepted: exactly 1"),
    (
        "slurm-nodes",
        groups(CONTROLLER, replace(CONTROLLER, name="second"), COMPUTE),
        "groups: 2 of Controller; accepted: exactly 1",
    ),
    ("slurm-nodes", of(CONTROLLER, count=2), "group 'controller' count = 2: a controller is one node, .*"),
    ("slurm-nodes", of(CONTROLLER, min_count=0), "group 'controller' count = 1: a controller is one .*"),
    (
        "slurm-nodes",
        groups(CONTROLLER, LOGIN, replace(LOGIN, name="second"), COMPUTE),
        "groups: 2 of Login; accepted: at most 1",
    ),
    ("slurm-nodes", groups(CONTROLLER, LOGIN), "groups: none of Compute; accepted: at least 1"),
    (
        "slurm-nodes",
        of(LOGIN, slurm=None),
        "group 'login' slurm: accepted: a SlurmConfig with Controller, .*",
    ),
    ("slurm-partitions", partition(""), "group 'compute' slurm.partition = '': accepted: letters and .*"),
    ("slurm-partitions", partition("a,b"), "group 'compute' slurm.partition = 'a,b': accepted: letters .*"),
    ("slurm-partitions", partition("dev"), ".*'dev': accepted: another name; every node is in dev"),
    (
        "slurm-partitions",
        of(COMPUTE, instance_types=("ml.g5.12xlarge", "ml.g6.12xlarge")),
        "group 'compute' instance_types = .*: accepted: one",
    ),
    (
        "slurm-partitions",
        groups(*SLURM.groups, replace(COMPUTE, name="more")),
        "groups: partition 'gpu' occurs 2 times; accepted: one group per partition",
    ),
    ("slurm-partitions", partition("gpu", CONTROLLER), ".*= 'gpu': accepted: none, of Controller"),
    ("slurm-strategy", slurm(strategy=None), ".*strategy = None: accepted: Managed, Overwrite, Merge"),
    ("slurm-strategy", {"continuous_provisioning": True}, ".*strategy = Managed: accepted: none, with .*"),
    ("slurm-accounting", slurm(accounting=AccountingDatabase()), ".*accounting: needs continuous_prov.*"),
    (
        "slurm-accounting",
        {"orchestrator": SlurmOrchestrator(accounting=AccountingDatabase(instance_class="small"))},
        ".*instance_class = 'small': such as db.t4g.small",
    ),
    (
        "slurm-accounting",
        {"orchestrator": SlurmOrchestrator(accounting=AccountingDatabase(size_gib=5))},
        ".*accounting.size_gib = 5: accepted: 20 to 65536",
    ),
    (
        "slurm-is-not-kubernetes",
        {
            "groups": (),
            "restricted_groups": (RestrictedGroup(name="nova", instance_type="ml.p5.48xlarge", count=1),),
        },
        "restricted_groups: not on Slurm; .*",
    ),
    ("slurm-is-not-kubernetes", {"karpenter": True}, "karpenter: not on Slurm; remove it, or .* EKS"),
    ("slurm-is-not-kubernetes", {"tiered_storage_percent": 0}, "tiered_storage_percent: not on Slurm; .*"),
    ("slurm-is-not-kubernetes", {"training_operator": True}, "training_operator: not on Slurm; .*"),
    ("slurm-is-not-kubernetes", of(COMPUTE, labels={"a": "b"}), "group 'compute' labels: not on Slurm, .*"),
    ("slurm-controller-stays", of(CONTROLLER, capacity=Capacity.SPOT), ".* = spot: accepted: on-demand, .*"),
    ("slurm-names", {"name": "Open"}, "name = 'Open': accepted: at most 32 of a-z, 0-9 and single hyphens"),
    ("slurm-names", {"name": "x" * 33}, "name = 'x+': accepted: at most 32 of .*"),
    (
        "slurm-one-zone",
        {"subnets": (*SLURM.subnets, ClusterSubnet(zone_id="use1-az1", cidr="10.111.0.0/24"))},
        "subnets: 2; accepted: 1, where the file systems are",
    ),
    ("slurm-file-systems", slurm(lustre=Lustre(size_gib=3600)), ".*lustre.size_gib = 3600: accepted: 1200.*"),
    ("slurm-file-systems", slurm(lustre=Lustre(size_gib=0)), ".*lustre.size_gib = 0: accepted: 1200, .*"),
    ("slurm-file-systems", slurm(lustre=Lustre(throughput=200)), ".*throughput = 200: accepted: 125, .*"),
    ("slurm-file-systems", slurm(home=OpenZfs(size_gib=32)), ".*home.size_gib = 32: accepted: 64 to 524288"),
    ("slurm-file-systems", slurm(home=OpenZfs(throughput=64)), ".*home.throughput = 64: accepted: 160, .*"),
]


@pytest.mark.parametrize("cluster", [SLURM, CONTINUOUS, replace(SLURM, groups=(CONTROLLER, COMPUTE))])
def test_a_sound_cluster_has_no_fault(cluster: ClusterConfig) -> None:
    assert violations_of(cluster, "us-east-1") == []


@pytest.mark.parametrize(("name", "changes", "message"), REFUSED)
def test_a_check_refuses_what_aws_would(name: str, changes: dict[str, Any], message: str) -> None:
    changed = replace(SLURM, **changes)
    (check,) = (check for check in CHECKS if check.name == name)
    (violation,) = [text for text in check.find(changed, "us-east-1") if re.fullmatch(message, text)]
    assert f"cluster {changed.name}: {violation}" in violations_of(changed, "us-east-1")


def test_every_check_has_been_seen_to_refuse() -> None:
    ours = {check.name for check in CHECKS if check.name.startswith("slurm-")}
    assert ours == {name for name, *_ in REFUSED}


def test_a_node_on_eks_is_nothing_to_slurm() -> None:
    eks = DEV.clusters[0]
    slurm_group = replace(eks.groups[0], slurm=SlurmConfig(node_type=NodeType.CONTROLLER))
    assert violations_of(replace(eks, groups=(slurm_group, *eks.groups[1:])), "us-east-1") == [
        f"cluster {eks.name}: group {slurm_group.name!r} slurm: only where the orchestrator is Slurm"
    ]


@pytest.mark.parametrize(
    ("instance_type", "addresses"),
    [*NODE_ADDRESSES[SlurmOrchestrator].items(), ("ml.m5.xlarge", 2), ("ml.p6-b200.48xlarge", 32)],
)
def test_a_node_takes_fewer_addresses_than_on_eks(instance_type: str, addresses: int) -> None:
    assert addresses_of(instance_type, on=SLURM) == addresses


def test_a_subnet_has_room_for_thirty_two_addresses_of_each_p5() -> None:
    large = replace(SLURM, **of(COMPUTE, instance_types=("ml.p5.48xlarge",), count=8))
    (violation,) = violations_of(large, "us-east-1")
    assert re.match(".*10.110.0.0/24: 251 addresses for 260", violation)


def closed(endpoints: Iterable[InterfaceEndpoint]) -> NewNetwork:
    zones = ("us-east-1a", "us-east-1b")
    return NewNetwork(
        cidr="10.41.0.0/16", availability_zones=zones, interface_endpoints=tuple(sorted(endpoints))
    )


def test_without_nat_nodes_reach_their_queue_and_need_nothing_of_kubernetes() -> None:
    reachable = {*CLUSTER_ENDPOINTS} - {InterfaceEndpoint.EKS, InterfaceEndpoint.EKS_AUTH}
    (violation,) = violations_of_clusters((SLURM,), region="us-east-1", network=closed(reachable))
    assert "need interface_endpoints sqs (" in violation
    network = closed({*reachable, InterfaceEndpoint.SQS})
    assert violations_of_clusters((SLURM,), region="us-east-1", network=network) == []
    kept = replace(CONTINUOUS, orchestrator=SlurmOrchestrator(accounting=AccountingDatabase()))
    (violation,) = violations_of_clusters((kept,), region="us-east-1", network=network)
    assert "need interface_endpoints secretsmanager (" in violation
