"""A new network, with and without NAT, and an existing one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from config.environments.dev import DEV
from config.environments.local import LOCAL
from config.environments.prod import PROD
from config.network import ExistingNetwork, InterfaceEndpoint, NewNetwork
from tests.fixtures.synthesis import Synthesis, synthesise

pytestmark = pytest.mark.synth

EXISTING = ExistingNetwork(
    vpc_id="vpc-0123456789abcdef0",
    availability_zones=("us-east-1a", "us-east-1b"),
    private_subnet_ids=("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
)

CLOSED = NewNetwork(cidr="10.40.0.0/16", availability_zones=("us-east-1a", "us-east-1b"))


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """DEV without its clusters in an existing VPC."""
    return synthesise(replace(DEV, network=EXISTING, clusters=()), tmp_path_factory.mktemp("guest"))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """An environment without NAT and without clusters."""
    return synthesise(replace(LOCAL, network=CLOSED, clusters=()), tmp_path_factory.mktemp("closed"))


def count(synthesis: Synthesis, type_name: str) -> int:
    return len(list(synthesis.resources(type_name)))


def functions_environment(synthesis: Synthesis) -> list[dict[str, str]]:
    return [
        function["Properties"]["Environment"]["Variables"]
        for function in synthesis.resources("AWS::Lambda::Function")
    ]


def test_an_existing_network_is_used_as_it_is(guest: Synthesis) -> None:
    assert count(guest, "AWS::EC2::VPC") == 0
    assert count(guest, "AWS::EC2::VPCEndpoint") == 0
    (group,) = guest.resources("AWS::EC2::SecurityGroup")
    assert group["Properties"]["VpcId"] == EXISTING.vpc_id
    for variables in functions_environment(guest):
        assert variables["ATELIER_SUBNET_IDS"] == ",".join(EXISTING.private_subnet_ids)


def test_an_existing_network_is_not_looked_up(guest: Synthesis) -> None:
    assert "missing" not in (guest.folder / "manifest.json").read_text()


def test_jobs_reach_aws_through_endpoints_and_not_the_internet(closed: Synthesis) -> None:
    services = {
        closed.flat(endpoint["Properties"]["ServiceName"])
        for endpoint in closed.resources("AWS::EC2::VPCEndpoint")
    }
    endpoints = {f"com.amazonaws.us-east-1.{endpoint}" for endpoint in CLOSED.interface_endpoints}
    gateways = {"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb"}
    assert services == endpoints | gateways
    assert count(closed, "AWS::EC2::NatGateway") == count(closed, "AWS::EC2::InternetGateway") == 0


def test_functions_stay_outside_where_no_cluster_needs_them_inside(closed: Synthesis) -> None:
    for function in closed.resources("AWS::Lambda::Function"):
        assert "VpcConfig" not in function["Properties"]


def test_endpoints_admit_nodes_and_the_functions_that_reach_clusters_only(dev: Synthesis) -> None:
    rules = [
        (rule["Properties"]["FromPort"], dev.flat(rule["Properties"]["SourceSecurityGroupId"]))
        for rule in dev.resources("AWS::EC2::SecurityGroupIngress")
        if rule["Properties"]["IpProtocol"] == "tcp"
        and dev.flat(rule["Properties"]["GroupId"]) == "<NetworkEndpointGroup>"
    ]
    assert sorted(rules) == [
        (443, "<ClusterClientsNetworkGroup>"),
        *((443, "<NetworkNodes>") for _ in dev.environment.clusters),
        (443, "<TrainingGroup>"),
    ]


def test_prod_has_a_nat_gateway_in_each_zone(rendered: Callable[[str], Synthesis]) -> None:
    assert isinstance(PROD.network, NewNetwork)
    assert count(rendered("prod"), "AWS::EC2::NatGateway") == len(PROD.network.availability_zones)


def test_subnets_lie_in_the_zones_that_are_named(every: Synthesis) -> None:
    subnets = every.templates["Network"]["Resources"].values()
    zones = {
        subnet["Properties"]["AvailabilityZone"] for subnet in subnets if subnet["Type"] == "AWS::EC2::Subnet"
    }
    assert zones == set(every.environment.network.availability_zones)


def test_endpoints_can_be_chosen(tmp_path: Path) -> None:
    assert isinstance(LOCAL.network, NewNetwork)
    only_logs = replace(LOCAL.network, interface_endpoints=(InterfaceEndpoint.LOGS,))
    synthesis = synthesise(replace(LOCAL, network=only_logs), tmp_path)
    interfaces = [
        endpoint["Properties"]["ServiceName"]
        for endpoint in synthesis.resources("AWS::EC2::VPCEndpoint")
        if endpoint["Properties"]["VpcEndpointType"] == "Interface"
    ]
    assert interfaces == ["com.amazonaws.us-east-1.logs"]


def test_people_are_told_where_they_are_named(tmp_path: Path) -> None:
    synthesis = synthesise(replace(LOCAL, notify=("team@example.com",), clusters=()), tmp_path)
    (subscription,) = synthesis.resources("AWS::SNS::Subscription")
    assert (subscription["Properties"]["Protocol"], subscription["Properties"]["Endpoint"]) == (
        "email",
        "team@example.com",
    )
