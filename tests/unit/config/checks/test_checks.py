"""Checks of a cluster: refused values and messages."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from botocore.loaders import Loader

from config import InvalidConfiguration
from config.checks import CHECKS, violations_of
from config.checks.placement import NODE_ADDRESSES, addresses_of, zone_prefix
from config.checks.sizes import is_accelerated
from config.cluster import (
    Capacity,
    ClusterConfig,
    ClusterSubnet,
    DeepHealthCheck,
    EksOrchestrator,
    EndpointAccess,
    InstanceGroup,
    PriorityClass,
    Quota,
    RestrictedGroup,
    Taint,
    TaintEffect,
    TaskGovernance,
    Team,
)
from config.clusters import violations_of_clusters
from config.environments import ENVIRONMENTS
from config.environments.dev import DEV
from config.file_systems import Lustre
from config.network import (
    CLUSTER_ENDPOINTS,
    FUNCTION_ENDPOINTS,
    ExistingNetwork,
    InterfaceEndpoint,
    NewNetwork,
)
from tests.fixtures.paths import ROOT

DOCUMENT = ROOT / "docs" / "clusters.md"

SYSTEM = InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=1)
SUBNET = ClusterSubnet(zone_id="use1-az6", cidr="10.100.0.0/24")
PLAN = "arn:aws:sagemaker:us-east-1:111111111111:training-plan/p5"
EKS = EksOrchestrator(kubernetes_version="1.34", endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE)
NOVA_EKS = EksOrchestrator(kubernetes_version="1.32", endpoint_access=EndpointAccess.PUBLIC)
STANDARD = ClusterConfig(
    name="standard",
    orchestrator=EKS,
    subnets=(SUBNET,),
    monthly_budget_usd=100,
    groups=(SYSTEM,),
)
CLOSED_NETWORK = NewNetwork(cidr="10.41.0.0/16", availability_zones=("us-east-1a",))
OPEN_NETWORK = replace(CLOSED_NETWORK, nat_gateways=1)
NOVA_GROUP = RestrictedGroup(name="nova", instance_type="ml.p5.48xlarge", count=1, lustre=Lustre())
NOVA = ClusterConfig(
    name="nova",
    orchestrator=NOVA_EKS,
    subnets=(SUBNET,),
    monthly_budget_usd=100,
    restricted_groups=(NOVA_GROUP,),
)


def of(group: InstanceGroup | RestrictedGroup, **changes: Any) -> dict[str, Any]:
    """Change a group of one of the clusters above."""
    kind = "groups" if isinstance(group, InstanceGroup) else "restricted_groups"
    return {kind: (replace(group, **changes),)}


def governance(**team: Any) -> dict[str, Any]:
    """A team with a quota of the system group."""
    quotas = (Quota(instance_type="ml.c5.4xlarge", count=1),)
    return {"task_governance": TaskGovernance(teams=(Team(**{"name": "one", "quotas": quotas, **team}),))}


def classes(*names: str, weight: int = 1) -> dict[str, Any]:
    return {
        "task_governance": TaskGovernance(
            priority_classes=tuple(PriorityClass(name=name, weight=weight) for name in names)
        )
    }


REFUSED: list[tuple[str, ClusterConfig, dict[str, Any], str]] = [
    ("names", STANDARD, {"name": "-x"}, "name = '-x': accepted: at most 63 letters"),
    ("names", STANDARD, {"name": "x" * 64}, "name = 'x+': accepted: at most 63 letters"),
    ("names", STANDARD, {"groups": (SYSTEM, SYSTEM)}, "groups: 'system' occurs 2 times; .*"),
    ("one-kind-of-group", NOVA, {"groups": (SYSTEM,)}, "groups and restricted_groups: .* make two clusters"),
    ("one-kind-of-group", STANDARD, {"groups": ()}, "groups: 0; accepted: 1 to 100"),
    ("counts", STANDARD, of(SYSTEM, count=6759), "group 'system' count = 6759: accepted: 0 to 6758"),
    ("counts", STANDARD, of(SYSTEM, min_count=2), "group 'system' min_count = 2: accepted: 0 to 1"),
    ("instance-types", STANDARD, of(SYSTEM, instance_types=("c5.large",)), ".*'c5.large': accepted: ml.*"),
    ("instance-types", STANDARD, of(SYSTEM, instance_types=()), ".* = \\(\\): accepted: 1 to 20 different.*"),
    ("continuous-features", STANDARD, of(SYSTEM, min_count=1), ".*min_count = 1: needs continuous_prov.*"),
    ("continuous-features", STANDARD, of(SYSTEM, capacity=Capacity.SPOT), ".*capacity = 'spot': needs .*"),
    ("continuous-features", STANDARD, {"karpenter": True}, "karpenter = True: needs .*"),
    ("single-values", STANDARD, {"tiered_storage_percent": 101}, ".*= 101: accepted: 0 to 100"),
    ("restricted-stands-alone", NOVA, {"tiered_storage_percent": 0}, ".*_percent = 0: not with.*"),
    (
        "taints",
        STANDARD,
        of(SYSTEM, taints=(Taint(key="a", value="b"),), deep_health_checks=(DeepHealthCheck.STRESS,)),
        "group 'system' taints: not together with deep_health_checks",
    ),
    ("training-plans", NOVA, of(NOVA_GROUP, training_plan_arn="p5"), ".*'p5': accepted: an ARN with .*"),
    (
        "training-plans",
        replace(STANDARD, continuous_provisioning=True),
        of(SYSTEM, training_plan_arn=PLAN, capacity=Capacity.SPOT),
        "group 'system' capacity = spot: not with a training plan",
    ),
    ("single-values", STANDARD, of(SYSTEM, threads_per_core=3), ".*threads_per_core = 3: accepted: 1, 2"),
    ("single-values", STANDARD, of(SYSTEM, volume_gib=0), ".*volume_gib = 0: accepted: 1 to 16384"),
    ("single-values", STANDARD, of(SYSTEM, software_updates="weekly"), ".*'weekly': accepted: .* cron.*"),
    ("restricted-stands-alone", NOVA, {"observability": True}, "observability = True: not with restricted.*"),
    ("restricted-stands-alone", NOVA, {"continuous_provisioning": True}, "continuous_provisioning = True.*"),
    (
        "restricted-kubernetes-version",
        NOVA,
        {"orchestrator": replace(NOVA_EKS, kubernetes_version="1.33")},
        ".*kubernetes_version = '1.33': accepted: 1.30, 1.31, 1.32 .*",
    ),
    (
        "restricted-endpoint",
        NOVA,
        {"orchestrator": replace(NOVA_EKS, endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE)},
        "orchestrator.endpoint_access = public-and-private: restricted groups need public .*",
    ),
    ("lustre", NOVA, of(NOVA_GROUP, lustre=Lustre(size_gib=3600)), ".*size_gib = 3600: accepted: 1200.*"),
    ("lustre", NOVA, of(NOVA_GROUP, lustre=Lustre(throughput=200)), ".*throughput = 200: accepted: 125, .*"),
    ("a-file-system-each", NOVA, of(NOVA_GROUP, lustre=None), "group 'nova' lustre: exactly one of .*"),
    ("a-file-system-each", NOVA, {"shared_lustre": Lustre()}, "group 'nova' lustre: exactly one of .*"),
    ("a-file-system-each", STANDARD, {"shared_lustre": Lustre()}, "shared_lustre: only restricted groups .*"),
    ("zones", STANDARD, {"subnets": ()}, "subnets: at least one"),
    ("zones", STANDARD, {"subnets": (replace(SUBNET, zone_id="us-east-1a"),)}, ".*an id such as use1-az1.*"),
    ("zones", STANDARD, {"subnets": (replace(SUBNET, cidr="10.0.0.0/8"),)}, ".*cidr = '10.0.0.0/8': .*"),
    ("zones", STANDARD, {"subnets": (SUBNET, SUBNET)}, "subnets: 'use1-az6' occurs 2 times; .*"),
    ("zones", STANDARD, of(SYSTEM, zone_id="use1-az1"), ".*zone_id = 'use1-az1': accepted: use1-az6"),
    ("addresses", NOVA, of(NOVA_GROUP, count=4), ".*10.100.0.0/24: 251 addresses for 324 .*"),
    (
        "kubernetes-version",
        STANDARD,
        {"orchestrator": replace(EKS, kubernetes_version="1.29")},
        ".*kubernetes_version = '1.29': accepted: 1.30, .*",
    ),
    (
        "a-node-without-taints",
        replace(STANDARD, continuous_provisioning=True),
        of(SYSTEM, min_count=0),
        "groups: at least one needs no taints and, without karpenter, a min_count of 1 or more",
    ),
    (
        "a-node-without-taints",
        STANDARD,
        of(SYSTEM, taints=(Taint(key="a", value="b"),)),
        "groups: at least one needs no taints .*",
    ),
    (
        "a-node-for-addons",
        STANDARD,
        {"observability": True, **of(SYSTEM, instance_types=("ml.c5.2xlarge",))},
        "observability: at least one group without taints, of 4xlarge or larger: ml.c5.4xlarge",
    ),
    ("governance-values", STANDARD, classes(*map(str, range(11))), ".*priority_classes: 11; at most 10"),
    ("governance-values", STANDARD, classes("Prod"), ".*name = 'Prod': accepted: at most 40 of a-z.*"),
    ("governance-values", STANDARD, classes("prod", weight=101), ".*weight = 101: accepted: 0 to 100"),
    ("governance-values", STANDARD, governance(borrow_limit_percent=-1), ".*= -1: accepted: 0 to 10000"),
    (
        "governance-promises",
        STANDARD,
        governance(quotas=(Quota(instance_type="ml.c5.4xlarge", count=2),)),
        "task_governance quotas of ml.c5.4xlarge = 2: the cluster has 1",
    ),
    ("budget", STANDARD, {"monthly_budget_usd": 0}, "monthly_budget_usd = 0: accepted: above 0"),
]  # fmt: skip
ELSEWHERE = [
    ("restricted-region", replace(NOVA, subnets=()), "ap-south-1", "restricted_groups in ap-south-1: .*"),
    ("governance-region", replace(STANDARD, **classes("prod")), "us-west-2", ".*classes in us-west-2: .*"),
    ("governance-region", replace(STANDARD, **governance()), "eu-north-1", ".*teams in eu-north-1: .*"),
]


SOFT = Taint(key="a", value="b", effect=TaintEffect.PREFER_NO_SCHEDULE)
SCALED = replace(
    STANDARD,
    continuous_provisioning=True,
    karpenter=True,
    groups=(replace(SYSTEM, min_count=0, taints=(SOFT,)),),
)


@pytest.mark.parametrize("cluster", [STANDARD, NOVA, SCALED, replace(STANDARD, **governance())])
def test_a_sound_cluster_has_no_fault(cluster: ClusterConfig) -> None:
    assert violations_of(cluster, "us-east-1") == []


@pytest.mark.parametrize(("name", "cluster", "changes", "message"), REFUSED)
def test_a_check_refuses_what_aws_would(
    name: str, cluster: ClusterConfig, changes: dict[str, Any], message: str
) -> None:
    changed = replace(cluster, **changes)
    (check,) = (check for check in CHECKS if check.name == name)
    (violation, *_) = check.find(changed, "us-east-1")
    (reported, *_) = [text for text in violations_of(changed, "us-east-1") if violation in text]
    assert re.match(f"cluster {changed.name}: {message}", reported)


@pytest.mark.parametrize(("name", "cluster", "region", "message"), ELSEWHERE)
def test_a_check_knows_where_a_feature_is_to_be_had(
    name: str, cluster: ClusterConfig, region: str, message: str
) -> None:
    (check,) = (check for check in CHECKS if check.name == name)
    (violation,) = check.find(cluster, region)
    assert re.match(message, violation)
    assert list(check.find(cluster, "us-east-1")) == []


def test_every_check_has_been_seen_to_refuse() -> None:
    ours = {check.name for check in CHECKS if not check.name.startswith("slurm-")}
    assert ours == {case[0] for case in [*REFUSED, *ELSEWHERE]}


def test_a_disputed_check_can_be_overridden_and_says_so() -> None:
    private = replace(NOVA, orchestrator=replace(NOVA_EKS, endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE))
    (violation,) = violations_of(private, "us-east-1")
    assert violation.endswith("(overrides: 'restricted-endpoint')")
    assert violations_of(replace(private, overrides=("restricted-endpoint",)), "us-east-1") == []


def test_a_certain_check_cannot_be_overridden() -> None:
    careless = replace(STANDARD, monthly_budget_usd=0, overrides=("budget",))
    override, still_there = violations_of(careless, "us-east-1")
    assert override.startswith(
        "cluster standard: overrides: 'budget'; accepted: addresses, governance-region,"
    )
    assert still_there == "cluster standard: monthly_budget_usd = 0: accepted: above 0"


def test_the_documentation_shows_every_check() -> None:
    rows = [
        f"| `{check.name}`{disputed} | {check.requirement} | {check.source} |"
        for check in CHECKS
        for disputed in [" (disputed)" if check.is_disputed else ""]
    ]
    shown = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert shown[: len(rows)] == rows


def test_zone_ids_begin_as_ec2_begins_them() -> None:
    regions = {"us-east-1": "use1", "ap-northeast-1": "apne1", "eu-north-1": "eun1", "us-gov-west-1": "usgw1"}
    assert {region: zone_prefix(region) for region in regions} == regions


@pytest.mark.parametrize(
    ("instance_type", "addresses"),
    [*NODE_ADDRESSES[EksOrchestrator].items(), ("ml.c5.4xlarge", 15), ("ml.p6-b200.48xlarge", 81)],
)
def test_a_node_s_addresses_are_aws_s_numbers_or_the_nearest_above(
    instance_type: str, addresses: int
) -> None:
    assert addresses_of(instance_type, on=STANDARD) == addresses


@pytest.mark.parametrize(
    ("instance_type", "accelerated"),
    [
        ("ml.g6.12xlarge", True),
        ("ml.p6-b200.48xlarge", True),
        ("ml.trn1.32xlarge", True),
        ("ml.t3.medium", False),
        ("ml.c5.4xlarge", False),
        ("ml.m5.large", False),
    ],
)
def test_accelerators_are_known_by_their_family(instance_type: str, accelerated: bool) -> None:
    assert is_accelerated(instance_type) is accelerated


def test_clusters_share_a_network_without_overlapping() -> None:
    other = replace(STANDARD, name="other", subnets=(replace(SUBNET, cidr="10.100.0.128/25"),))
    violations = violations_of_clusters((STANDARD, other), region="us-east-1", network=OPEN_NETWORK)
    assert violations == [
        "cluster other subnets cidr = 10.100.0.128/25: overlaps 10.100.0.0/24 of cluster standard"
    ]


def test_a_cluster_s_subnet_lies_beside_the_network_s_block() -> None:
    around = replace(OPEN_NETWORK, cidr="10.100.0.0/16")
    (violation,) = violations_of_clusters((STANDARD,), region="us-east-1", network=around)
    assert violation.endswith("overlaps 10.100.0.0/16 of the network")


def test_a_vpc_takes_four_blocks_beside_its_own() -> None:
    many = [
        replace(STANDARD, name=f"c{number}", subnets=(replace(SUBNET, cidr=f"10.10{number}.0.0/24"),))
        for number in range(5)
    ]
    (violation,) = violations_of_clusters(many, region="us-east-1", network=OPEN_NETWORK)
    assert violation == "clusters: 5 subnets; at most 4 beside the network's block"


def test_an_environment_refuses_a_wrong_cluster_with_every_fault() -> None:
    wrong = replace(STANDARD, monthly_budget_usd=0, subnets=())
    with pytest.raises(InvalidConfiguration) as refused:
        replace(DEV, clusters=(wrong,))
    assert str(refused.value).splitlines() == [
        "dev: cluster standard: subnets: at least one",
        "dev: cluster standard: monthly_budget_usd = 0: accepted: above 0",
    ]


def test_a_cluster_without_nat_needs_the_endpoints_of_its_nodes_and_of_the_functions() -> None:
    (violation,) = violations_of_clusters((STANDARD,), region="us-east-1", network=CLOSED_NETWORK)
    missing = "bedrock, ec2, ec2messages, eks, eks-auth, sns, ssm, ssmmessages, states"
    assert f"need interface_endpoints {missing} (CLUSTER_ENDPOINTS, FUNCTION_ENDPOINTS)" in violation
    endpoints = {*CLOSED_NETWORK.interface_endpoints, *CLUSTER_ENDPOINTS, *FUNCTION_ENDPOINTS}
    equipped = replace(CLOSED_NETWORK, interface_endpoints=tuple(sorted(endpoints)))
    assert violations_of_clusters((STANDARD,), region="us-east-1", network=equipped) == []


def test_functions_reach_a_public_endpoint_through_nat_only() -> None:
    endpoints = {*CLUSTER_ENDPOINTS, *FUNCTION_ENDPOINTS}
    closed = replace(CLOSED_NETWORK, interface_endpoints=tuple(sorted(endpoints)))
    (violation,) = violations_of_clusters((NOVA,), region="us-east-1", network=closed)
    assert violation.startswith("cluster nova: orchestrator.endpoint_access = public: ")
    assert violation.endswith("accepted: nat_gateways of 1 or more, or public-and-private")
    assert violations_of_clusters((NOVA,), region="us-east-1", network=OPEN_NETWORK) == []


@pytest.mark.parametrize("endpoints", [CLUSTER_ENDPOINTS, FUNCTION_ENDPOINTS])
def test_the_documentation_lists_the_endpoints_of_a_closed_network(
    endpoints: tuple[InterfaceEndpoint, ...],
) -> None:
    text = " ".join(DOCUMENT.read_text().split())
    assert ", ".join(f"`{endpoint}`" for endpoint in endpoints) in text


def test_the_documentation_lists_the_images_that_a_closed_network_copies() -> None:
    listed = json.loads((DOCUMENT.parents[1] / "lifecycle" / "images.json").read_text())["images"]
    assert ", ".join(f"`{image}`" for image in listed) in " ".join(DOCUMENT.read_text().split())


def test_clusters_need_a_network_of_ours() -> None:
    network = ExistingNetwork(
        vpc_id="vpc-0123456789abcdef0",
        availability_zones=("us-east-1a",),
        private_subnet_ids=("subnet-0123456789abcdef0",),
    )
    with pytest.raises(InvalidConfiguration, match="dev: clusters: need a network of our own"):
        replace(DEV, network=network, clusters=(STANDARD,))


def test_a_cluster_s_noun_is_a_stack_s_name() -> None:
    assert replace(STANDARD, name="open-weights").suffix == "OpenWeightsCluster"


def test_our_environments_name_instance_types_that_hyperpod_has() -> None:
    model = Loader().load_service_model("sagemaker", "service-2")
    known = set(model["shapes"]["ClusterInstanceType"]["enum"])
    ours = {
        instance_type
        for environment in ENVIRONMENTS.values()
        for cluster in environment.clusters
        for group in cluster.all_groups
        for instance_type in group.instance_types
    }
    assert ours <= known
    assert {each for types in NODE_ADDRESSES.values() for each in types} <= known
