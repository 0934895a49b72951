"""What is asked of an account before a cluster is deployed into it, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.cluster.preflight import Answer, CheckResult, Preflight
from cli.exit_codes import ExitCode
from config.cluster import (
    ClusterConfig,
    ClusterSubnet,
    EksOrchestrator,
    EndpointAccess,
    InstanceGroup,
)
from config.environments.dev import DEV
from config.slurm import NodeType, SlurmConfig, SlurmOrchestrator, SlurmStrategy
from tests.fixtures.commands import atelier

CLUSTER = ClusterConfig(
    name="open-weights",
    orchestrator=EksOrchestrator(
        kubernetes_version="1.34",
        endpoint_access=EndpointAccess.PUBLIC_AND_PRIVATE,
        administrators=("people/Administrator",),
    ),
    subnets=(ClusterSubnet(zone_id="use1-az6", cidr="10.101.0.0/22"),),
    monthly_budget_usd=100,
    groups=(
        InstanceGroup(name="system", instance_types=("ml.c5.4xlarge",), count=1),
        InstanceGroup(name="training", instance_types=("ml.p5.48xlarge",), count=2),
    ),
)
TAG = "atelier:cluster"


class Account:
    """Stubbed clients, with the answers of an account in which all is ready; a test changes one of them."""

    def __init__(self) -> None:
        self.quotas = {"ml.c5.4xlarge for cluster usage": 1.0, "ml.p5.48xlarge for cluster usage": 2.0}
        self.zones = {"use1-az6": "us-east-1d"}
        self.offered = ["c5.4xlarge", "p5.48xlarge"]
        self.subnets: list[dict[str, Any]] = []
        self.has_administrator: bool | None = True
        self.tag_status = "Active"
        self._clients: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        return self._clients[service]

    def stubbed(self) -> Iterator[Stubber]:
        for service in ("service-quotas", "ec2", "iam", "sts", "ce"):
            client: Any = boto3.client(
                service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
            )
            self._clients[service] = client
            stubber = Stubber(client)
            getattr(self, "_" + service.replace("-", "_"))(stubber)
            stubber.activate()
            yield stubber

    def _service_quotas(self, stub: Stubber) -> None:
        quotas = [{"QuotaName": name, "Value": value} for name, value in self.quotas.items()]
        stub.add_response("list_service_quotas", {"Quotas": quotas}, {"ServiceCode": "sagemaker"})

    def _ec2(self, stub: Stubber) -> None:
        zones = [
            {"ZoneId": zone_id, "ZoneName": name, "State": "available"}
            for zone_id, name in self.zones.items()
        ]
        stub.add_response("describe_availability_zones", {"AvailabilityZones": zones}, {})
        if "use1-az6" in self.zones:
            filters = [
                {"Name": "instance-type", "Values": ["c5.4xlarge", "p5.48xlarge"]},
                {"Name": "location", "Values": ["use1-az6"]},
            ]
            offerings = [{"InstanceType": instance_type} for instance_type in self.offered]
            stub.add_response(
                "describe_instance_type_offerings",
                {"InstanceTypeOfferings": offerings},
                {"LocationType": "availability-zone-id", "Filters": filters},
            )
        by_block = [{"Name": "cidr-block", "Values": ["10.101.0.0/22"]}]
        stub.add_response("describe_subnets", {"Subnets": self.subnets}, {"Filters": by_block})

    def _iam(self, stub: Stubber) -> None:
        if self.has_administrator:
            role = {
                "Path": "/people/",
                "RoleName": "Administrator",
                "RoleId": "A" * 16,
                "Arn": "arn:aws:iam::111111111111:role/people/Administrator",
                "CreateDate": 0,
            }
            stub.add_response("get_role", {"Role": role}, {"RoleName": "Administrator"})
        elif self.has_administrator is False:
            stub.add_client_error("get_role", "NoSuchEntity")
        policy = "arn:aws:iam::aws:policy/AmazonSageMakerClusterInstanceRolePolicy"
        stub.add_response("get_policy", {"Policy": {}}, {"PolicyArn": policy})

    def _sts(self, stub: Stubber) -> None:
        stub.add_response("get_caller_identity", {"Arn": "arn:aws:iam::111111111111:user/me"}, {})

    def _ce(self, stub: Stubber) -> None:
        asked = {"TagKeys": [TAG], "Type": "UserDefined"}
        if self.tag_status == "forbidden":
            stub.add_client_error("list_cost_allocation_tags", "AccessDeniedException", expected_params=asked)
            return
        tags = [{"TagKey": TAG, "Type": "UserDefined", "Status": self.tag_status}]
        stub.add_response("list_cost_allocation_tags", {"CostAllocationTags": tags}, asked)


def ask(account: Account, cluster: ClusterConfig = CLUSTER) -> dict[str, Answer]:
    stubs = list(account.stubbed())
    answers = {answer.question: answer for answer in Preflight(account).ask(cluster)}
    for stub in stubs:
        stub.assert_no_pending_responses()
    return answers


def test_an_account_that_has_everything_is_ready() -> None:
    answers = ask(Account())
    assert {answer.outcome for answer in answers.values()} == {CheckResult.READY}
    assert answers["zone use1-az6"].detail == "us-east-1d in this account"
    assert answers["subnet 10.101.0.0/22"].detail == "1019 addresses for 177"


def test_a_quota_that_is_too_small_is_missing_with_what_to_request() -> None:
    account = Account()
    account.quotas["ml.p5.48xlarge for cluster usage"] = 0
    answer = ask(account)["quota of group training"]
    assert answer.outcome is CheckResult.MISSING
    assert answer.detail == (
        "'ml.p5.48xlarge for cluster usage': 0; request 2 in Service Quotas, Amazon SageMaker"
    )


def test_a_cluster_on_slurm_asks_for_fewer_addresses_and_for_no_administrator() -> None:
    account = Account()
    account.has_administrator = None
    controller, compute = CLUSTER.groups
    slurm = replace(
        CLUSTER,
        orchestrator=SlurmOrchestrator(strategy=SlurmStrategy.MANAGED),
        groups=(
            replace(controller, slurm=SlurmConfig(node_type=NodeType.CONTROLLER)),
            replace(compute, slurm=SlurmConfig(node_type=NodeType.COMPUTE, partition="p5")),
        ),
    )
    answers = ask(account, slurm)
    assert {answer.outcome for answer in answers.values()} == {CheckResult.READY}
    assert answers["subnet 10.101.0.0/22"].detail == "1019 addresses for 66"


def test_groups_of_one_type_share_its_quota() -> None:
    account = Account()
    both = replace(CLUSTER, groups=(*CLUSTER.groups, replace(CLUSTER.groups[1], name="more", count=1)))
    answers = ask(account, both)
    assert answers["quota of group training"].outcome is CheckResult.MISSING
    assert "request 3 in" in answers["quota of group more"].detail


def test_a_zone_that_the_account_does_not_have_is_missing() -> None:
    account = Account()
    account.zones = {"use1-az1": "us-east-1a"}
    answer = ask(account)["zone use1-az6"]
    assert (answer.outcome, answer.detail) == (CheckResult.MISSING, "this account has use1-az1")


def test_an_instance_type_that_the_zone_does_not_offer_is_missing() -> None:
    account = Account()
    account.offered = ["c5.4xlarge"]
    answer = ask(account)["instances in use1-az6"]
    assert (answer.outcome, answer.detail) == (CheckResult.MISSING, "not offered there: p5.48xlarge")


def test_an_administrator_who_is_no_role_is_missing() -> None:
    account = Account()
    account.has_administrator = False
    assert ask(account)["administrator people/Administrator"].outcome is CheckResult.MISSING


@pytest.mark.parametrize(
    ("status", "detail"),
    [("Inactive", "until then the budget counts nothing"), ("forbidden", "ask in the payer's account")],
)
def test_a_budget_that_may_count_nothing_is_said_to(status: str, detail: str) -> None:
    account = Account()
    account.tag_status = status
    answer = ask(account)[f"cost allocation tag {TAG}"]
    assert answer.outcome is CheckResult.UNKNOWN
    assert detail in answer.detail


def test_a_subnet_that_is_there_says_what_is_free() -> None:
    account = Account()
    account.subnets = [{"SubnetId": "subnet-1", "AvailableIpAddressCount": 700}]
    assert ask(account)["subnet 10.101.0.0/22"].detail.endswith("subnet-1 has 700 free")


@pytest.mark.parametrize(("p5", "code"), [(2.0, ExitCode.OK), (1.0, ExitCode.FAILED)])
def test_the_command_fails_when_something_is_missing(
    p5: float, code: ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account()
    account.quotas["ml.p5.48xlarge for cluster usage"] = p5
    list(account.stubbed())
    monkeypatch.setattr("client.connection.clients", lambda _: account)
    monkeypatch.setattr("config.environments.environment_named", lambda _: replace(DEV, clusters=(CLUSTER,)))
    outcome = atelier("preflight", "--env", "dev")
    assert outcome.exit_code == code
    assert "quota of group training" in outcome.stdout


def test_an_environment_without_clusters_has_nothing_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.environments.environment_named", lambda _: replace(DEV, clusters=()))
    outcome = atelier("preflight", "--env", "dev")
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.OK, "dev has no clusters: nothing to ask\n")


def test_nothing_can_be_missing_in_the_embedded_cloud() -> None:
    outcome = atelier("preflight", "--env", "local")
    said = "the embedded cloud has room for every cluster: nothing to ask\n"
    assert (outcome.exit_code, outcome.stdout) == (ExitCode.OK, said)
