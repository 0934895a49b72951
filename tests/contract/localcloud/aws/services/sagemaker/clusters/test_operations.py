"""HyperPod clusters through boto3: what SageMaker refuses, what comes up, and what is seen of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud import control
from localcloud.common.home import Home
from tests.contract.localcloud.aws.cloudformation.test_eks import get, token
from tests.fixtures.embedded_cloud.account import BUCKET, SCRIPTED, Account, policy, until
from tests.fixtures.kubernetes.manifests import pod

Reader = Callable[[str], dict[str, Any]]
NODE_POLICY = policy((["ec2:DescribeSubnets", "ec2:CreateNetworkInterface", "s3:GetObject"], "*"))


@dataclass(frozen=True)
class Place:
    """Where clusters of these tests are, and the role of their nodes."""

    subnet: str
    security_group: str
    role: str

    @property
    def vpc(self) -> dict[str, list[str]]:
        return {"Subnets": [self.subnet], "SecurityGroupIds": [self.security_group]}


@pytest.fixture(scope="module")
def place(account: Account) -> Place:
    return prepared(account)


def prepared(account: Account) -> Place:
    """A small network, and a role for nodes."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.1.0/28")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="Nodes", VpcId=vpc)["GroupId"]
    return Place(subnet, group, account.role("sagemaker", NODE_POLICY))


class Clusters:
    """Requests as tests begin with them, and what becomes of them."""

    def __init__(self, account: Account, place: Place) -> None:
        self._account = account
        self._place = place
        self.sagemaker = account.client("sagemaker")

    def kubernetes(self, mode: str = "API") -> str:
        """The ARN of a new EKS cluster."""
        created = self._account.client("eks").create_cluster(
            name=self._account.fresh("control-plane"),
            roleArn=self._account.role("eks", policy((["ec2:*"], "*"))),
            resourcesVpcConfig={"subnetIds": [self._place.subnet]},
            accessConfig={"authenticationMode": mode},
        )
        return str(created["cluster"]["arn"])

    def group(self, name: str = "training", **changes: Any) -> dict[str, Any]:
        group = {
            "InstanceGroupName": name,
            "InstanceType": "ml.g5.12xlarge",
            "InstanceCount": 2,
            "ExecutionRole": self._place.role,
        }
        return group | changes

    def request(self, **changes: Any) -> dict[str, Any]:
        """Nova's: restricted nodes under Kubernetes."""
        request = {
            "ClusterName": self._account.fresh("cluster"),
            "Orchestrator": {"Eks": {"ClusterArn": self.kubernetes()}},
            "VpcConfig": self._place.vpc,
            "RestrictedInstanceGroups": [self.group()],
        }
        return {name: value for name, value in (request | changes).items() if value is not None}

    def slurm(self, **changes: Any) -> dict[str, Any]:
        """Under Slurm, with a controller and two nodes for jobs."""
        controller = {"SlurmConfig": {"NodeType": "Controller"}, "InstanceType": "ml.m5.xlarge"}
        compute = {"SlurmConfig": {"NodeType": "Compute", "PartitionNames": ["compute"]}}
        return {
            "ClusterName": self._account.fresh("cluster"),
            "Orchestrator": {"Slurm": {"SlurmConfigStrategy": "Merge"}},
            "VpcConfig": self._place.vpc,
            "InstanceGroups": [
                self.group("controller", InstanceCount=1, **controller),
                self.group("compute", **compute),
            ],
        } | changes

    def create(self, **request: Any) -> dict[str, Any]:
        """The cluster's description when it is what it became."""
        self.sagemaker.create_cluster(**request)
        return self.settled(request["ClusterName"])

    def settled(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            described: dict[str, Any] = self.sagemaker.describe_cluster(ClusterName=name)
            return described if described["ClusterStatus"] in ("InService", "Failed") else None

        return until(look)

    def nodes(self, name: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.sagemaker.list_cluster_nodes(ClusterName=name)[
            "ClusterNodeSummaries"
        ]
        return listed

    def delete(self, name: str) -> None:
        self.sagemaker.delete_cluster(ClusterName=name)
        until(lambda: not self.sagemaker.list_clusters(NameContains=name)["ClusterSummaries"])


@pytest.fixture(scope="module")
def clusters(account: Account, place: Place) -> Iterator[Clusters]:
    made = Clusters(account, place)
    yield made
    for each in made.sagemaker.list_clusters(MaxResults=100)["ClusterSummaries"]:
        made.sagemaker.delete_cluster(ClusterName=each["ClusterName"])


@pytest.fixture(scope="module")
def nova(clusters: Clusters) -> dict[str, Any]:
    """A cluster of restricted nodes, in service."""
    return clusters.create(**clusters.request(Tags=[{"Key": "atelier:cluster", "Value": "nova"}]))


class Events:
    """What EventBridge sends of one kind, from now on."""

    def __init__(self, account: Account, detail_type: str, **detail: Any) -> None:
        rule, queue = account.fresh("rule"), account.fresh("queue")
        self._sqs = account.client("sqs")
        self._url = self._sqs.create_queue(QueueName=queue)["QueueUrl"]
        pattern: dict[str, Any] = {"source": ["aws.sagemaker"], "detail-type": [detail_type]}
        pattern |= {"detail": detail} if detail else {}
        account.client("events").put_rule(Name=rule, EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:us-east-1:{account.cloud.account_id}:{queue}"
        account.client("events").put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

    def next(self) -> dict[str, Any]:
        messages = until(lambda: self._sqs.receive_message(QueueUrl=self._url).get("Messages"))
        event: dict[str, Any] = json.loads(messages[0]["Body"])
        return event


def reader(account: Account, name: str) -> Reader:
    """Reads from the Kubernetes API of an EKS cluster, as who made it."""
    described = account.client("eks").describe_cluster(name=name)["cluster"]
    bearer = token(account.cloud.session(), name)
    return lambda path: get(described, path, bearer)[1]


def refusal(clusters: Clusters, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        clusters.sagemaker.create_cluster(**request)
    return str(refused.value)


def test_a_cluster_comes_into_service_with_all_its_nodes(clusters: Clusters, nova: dict[str, Any]) -> None:
    assert nova["ClusterStatus"] == "InService"
    (group,) = nova["RestrictedInstanceGroups"]
    assert (group["CurrentCount"], group["TargetCount"], group["Status"]) == (2, 2, "InService")
    nodes = clusters.nodes(nova["ClusterArn"])
    assert [node["InstanceStatus"]["Status"] for node in nodes] == ["Running", "Running"]
    described = clusters.sagemaker.describe_cluster_node(
        ClusterName=nova["ClusterName"], NodeId=nodes[0]["InstanceId"]
    )["NodeDetails"]
    assert described["PrivatePrimaryIp"].startswith("10.77.1.")
    assert described["Placement"]["AvailabilityZone"].startswith("us-east-1")


def test_its_tags_are_kept(clusters: Clusters, nova: dict[str, Any]) -> None:
    listed = clusters.sagemaker.list_tags(ResourceArn=nova["ClusterArn"])["Tags"]
    assert listed == [{"Key": "atelier:cluster", "Value": "nova"}]


def test_restricted_nodes_are_kubernetes_nodes_that_only_nova_s_pods_tolerate(
    account: Account, clusters: Clusters, nova: dict[str, Any]
) -> None:
    name = nova["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
    nodes = reader(account, name)("/api/v1/nodes")["items"]

    expected = {f"hyperpod-{node['InstanceId']}" for node in clusters.nodes(nova["ClusterName"])}
    assert {node["metadata"]["name"] for node in nodes} == expected
    labels = nodes[0]["metadata"]["labels"]
    assert labels["node.kubernetes.io/instance-type"] == "ml.g5.12xlarge"
    assert labels["sagemaker.amazonaws.com/cluster-name"] == nova["ClusterName"]
    assert labels["sagemaker.amazonaws.com/instance-group-name"] == "training"
    assert labels["sagemaker.amazonaws.com/instance-group-type"] == "Restricted"
    assert nodes[0]["spec"]["taints"] == [
        {"key": "sagemaker.amazonaws.com/RestrictedNode", "value": "Worker", "effect": "NoSchedule"}
    ]
    allocatable = nodes[0]["status"]["allocatable"]
    assert (allocatable["nvidia.com/gpu"], allocatable["vpc.amazonaws.com/efa"]) == ("4", "1")


def test_the_nodes_role_is_let_into_kubernetes(account: Account, nova: dict[str, Any], place: Place) -> None:
    name = nova["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
    entry = account.client("eks").describe_access_entry(clusterName=name, principalArn=place.role)
    assert entry["accessEntry"]["type"] == "HYPERPOD_LINUX"


def test_what_a_pod_writes_is_found_by_its_name_in_the_cluster_s_log_group(
    account: Account, clusters: Clusters, place: Place
) -> None:
    """With what AWS's own policy for nodes allows, and no more. The image is one that brings no model."""
    managed = "arn:aws:iam::aws:policy/AmazonSageMakerClusterInstanceRolePolicy"
    role = account.role("sagemaker", NODE_POLICY)
    account.client("iam").attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=managed)
    group = clusters.group(ExecutionRole=role)
    described = clusters.create(**clusters.request(RestrictedInstanceGroups=None, InstanceGroups=[group]))
    name = described["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
    eks = account.client("eks").describe_cluster(name=name)["cluster"]
    image = "708977205387.dkr.ecr.us-east-1.amazonaws.com/init-container-repo:latest"
    document = pod("speaks", "sh", "-c", "echo role $AWS_REGION; echo end")
    document["spec"]["containers"][0]["image"] = image

    get(eks, "/api/v1/namespaces/default/pods", token(account.cloud.session(), name), posted=document)

    logs = account.client("logs")
    log_group = (
        f"/aws/sagemaker/Clusters/{described['ClusterName']}/{described['ClusterArn'].rpartition('/')[2]}"
    )

    def look() -> list[str] | None:
        try:
            found = logs.filter_log_events(logGroupName=log_group, filterPattern='"speaks"')["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return [event["message"] for event in found] if len(found) == 2 else None

    assert until(look) == ["speaks role us-east-1", "speaks end"]


@pytest.mark.parametrize(("label", "is_same"), [("PendingReplacement", False), ("PendingReboot", True)])
def test_a_node_labelled_as_sick_is_repaired_and_an_event_says_so(
    account: Account, clusters: Clusters, label: str, is_same: bool
) -> None:
    received = Events(account, "SageMaker HyperPod Cluster Node Health Event")
    request = clusters.request(RestrictedInstanceGroups=[clusters.group(InstanceCount=1)])
    clusters.create(**request)
    (sick,) = clusters.nodes(request["ClusterName"])
    name = request["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
    eks = account.client("eks").describe_cluster(name=name)["cluster"]
    path = f"/api/v1/nodes/hyperpod-{sick['InstanceId']}"
    health = {"sagemaker.amazonaws.com/node-health-status": f"Unschedulable{label}"}

    get(eks, path, token(account.cloud.session(), name), patch={"metadata": {"labels": health}})

    said = received.next()["detail"]
    assert said["InstanceId"] == sick["InstanceId"]
    assert said["HealthSummary"]["RepairAction"] == ("Reboot" if is_same else "Replace")

    def look() -> list[str] | None:
        found = reader(account, name)("/api/v1/nodes")["items"]
        status = [each["metadata"]["labels"][next(iter(health))] for each in found]
        names: list[str] = [each["metadata"]["name"] for each in found]
        return names if status == ["Schedulable"] else None

    (node,) = until(look)
    assert (node == path.rpartition("/")[2]) is is_same
    clusters.settled(request["ClusterName"])


def test_an_eks_cluster_orchestrates_one_hyperpod_cluster(clusters: Clusters, nova: dict[str, Any]) -> None:
    assert f"orchestrates HyperPod cluster {nova['ClusterName']} already" in refusal(
        clusters, **clusters.request(Orchestrator=nova["Orchestrator"])
    )


def test_a_name_is_taken_once(clusters: Clusters, nova: dict[str, Any]) -> None:
    assert "ResourceInUse" in refusal(clusters, **clusters.request(ClusterName=nova["ClusterName"]))


def test_what_cannot_come_up_is_refused_at_once(clusters: Clusters) -> None:
    missing = "arn:aws:eks:us-east-1:000000000000:cluster/missing"
    group = clusters.group()
    for changes, why in (
        ({"Orchestrator": {"Eks": {"ClusterArn": missing}}}, f"EKS cluster {missing} does not exist"),
        (
            {"Orchestrator": {"Eks": {"ClusterArn": clusters.kubernetes("CONFIG_MAP")}}},
            "authentication mode CONFIG_MAP: expected API or API_AND_CONFIG_MAP",
        ),
        ({"VpcConfig": None}, "VpcConfig is required"),
        ({"RestrictedInstanceGroups": None}, "At least one of InstanceGroups"),
        ({"RestrictedInstanceGroups": [group, group]}, "names of groups must be unique"),
        (
            {"RestrictedInstanceGroups": [group | {"InstanceType": "ml.g4dn.huge"}]},
            "enum value set",
        ),
    ):
        assert why in refusal(clusters, **clusters.request(**changes))


def test_the_parts_of_a_slurm_cluster_are_checked(clusters: Clusters) -> None:
    request = clusters.slurm()
    controller, compute = request["InstanceGroups"]
    no_partition = compute | {"SlurmConfig": {"NodeType": "Compute"}}
    for changes, why in (
        ({"InstanceGroups": [compute]}, "Exactly one instance group must be Controller"),
        ({"InstanceGroups": [controller, no_partition]}, "Compute needs exactly one of PartitionNames"),
        ({"NodeProvisioningMode": "Continuous"}, "SlurmConfigStrategy cannot be set"),
    ):
        assert why in refusal(clusters, **(request | changes))


def test_a_slurm_cluster_is_a_record_where_slurm_is_not_switched_on(clusters: Clusters) -> None:
    described = clusters.create(**clusters.slurm())

    assert described["ClusterStatus"] == "InService"
    assert [group["CurrentCount"] for group in described["InstanceGroups"]] == [1, 2]
    assert described["InstanceGroups"][1]["SlurmConfig"]["PartitionNames"] == ["compute"]
    clusters.delete(described["ClusterName"])


def test_a_cluster_whose_scripts_its_nodes_may_not_read_fails_and_has_no_nodes(
    account: Account, clusters: Clusters
) -> None:
    role = account.role("sagemaker", policy((["ec2:*"], "*")))
    lifecycle = {"SourceS3Uri": f"s3://{BUCKET}/lifecycle/", "OnCreate": "on_create.sh"}
    account.client("s3").put_object(Bucket=BUCKET, Key="lifecycle/on_create.sh", Body=b"true\n")
    group = clusters.group(ExecutionRole=role, LifeCycleConfig=lifecycle)

    failed = clusters.create(**clusters.request(RestrictedInstanceGroups=None, InstanceGroups=[group]))

    assert failed["ClusterStatus"] == "Failed"
    assert "lifecycle scripts did not run successfully" in failed["FailureMessage"]
    assert "AccessDenied" in failed["FailureMessage"]
    assert clusters.nodes(failed["ClusterName"]) == []


def test_a_role_without_rights_on_the_network_fails_the_cluster(account: Account, clusters: Clusters) -> None:
    group = clusters.group(ExecutionRole=account.role("sagemaker", policy((["s3:*"], "*"))))

    failed = clusters.create(**clusters.request(RestrictedInstanceGroups=[group]))

    assert "not authorized to perform: ec2:DescribeSubnets" in failed["FailureMessage"]


def test_a_role_that_does_not_trust_sagemaker_is_refused(account: Account, clusters: Clusters) -> None:
    group = clusters.group(ExecutionRole=account.role("ec2", NODE_POLICY))

    assert "allows principal 'sagemaker.amazonaws.com' to assume" in refusal(
        clusters, **clusters.request(RestrictedInstanceGroups=[group])
    )


def test_creating_a_cluster_takes_the_right_to_pass_its_role(account: Account, clusters: Clusters) -> None:
    powerless = account.user(policy((["sagemaker:CreateCluster", "eks:*"], "*")))("sagemaker")

    with pytest.raises(ClientError, match="iam:PassRole"):
        powerless.create_cluster(**clusters.request())


def test_seeing_a_cluster_takes_the_right_to_see_that_one(account: Account, nova: dict[str, Any]) -> None:
    mine = account.user(policy((["sagemaker:DescribeCluster"], nova["ClusterArn"])))("sagemaker")

    assert mine.describe_cluster(ClusterName=nova["ClusterName"])["ClusterStatus"] == "InService"
    with pytest.raises(ClientError, match="sagemaker:ListClusterNodes"):
        mine.list_cluster_nodes(ClusterName=nova["ClusterName"])
    with pytest.raises(ClientError, match="AccessDenied"):
        mine.describe_cluster(ClusterName="another")


def test_an_update_adds_nodes_and_takes_them_away(clusters: Clusters) -> None:
    name = clusters.create(**clusters.slurm())["ClusterName"]
    group = clusters.slurm()["InstanceGroups"][1]
    for count in (4, 1):
        clusters.sagemaker.update_cluster(ClusterName=name, InstanceGroups=[group | {"InstanceCount": count}])
        described = clusters.settled(name)
        assert described["InstanceGroups"][1]["CurrentCount"] == count
    clusters.delete(name)


def test_an_update_that_cannot_be_is_rolled_back(clusters: Clusters) -> None:
    """The subnet has sixteen addresses."""
    name = clusters.create(**clusters.slurm())["ClusterName"]
    group = clusters.slurm()["InstanceGroups"][1]

    clusters.sagemaker.update_cluster(ClusterName=name, InstanceGroups=[group | {"InstanceCount": 100}])

    described = clusters.settled(name)
    assert "no free address" in described["FailureMessage"]
    assert [each["CurrentCount"] for each in described["InstanceGroups"]] == [1, 2]
    clusters.delete(name)


def test_deleted_nodes_are_not_replaced_and_replaced_ones_are(clusters: Clusters) -> None:
    name = clusters.create(**clusters.slurm())["ClusterName"]
    controller = next(node for node in clusters.nodes(name) if node["InstanceGroupName"] == "controller")
    first, second = (node for node in clusters.nodes(name) if node["InstanceGroupName"] == "compute")

    answer = clusters.sagemaker.batch_delete_cluster_nodes(
        ClusterName=name, NodeIds=[first["InstanceId"], controller["InstanceId"], "i-00000000"]
    )

    assert answer["Successful"] == [first["InstanceId"]]
    assert [each["Code"] for each in answer["Failed"]] == ["InvalidNodeStatus", "NodeIdNotFound"]
    assert clusters.settled(name)["InstanceGroups"][1]["TargetCount"] == 1
    clusters.sagemaker.batch_replace_cluster_nodes(ClusterName=name, NodeIds=[second["InstanceId"]])
    assert clusters.settled(name)["InstanceGroups"][1]["CurrentCount"] == 1
    assert second["InstanceId"] not in {node["InstanceId"] for node in clusters.nodes(name)}
    clusters.delete(name)


def test_with_continuous_provisioning_events_tell_what_is_missing(
    account: Account, clusters: Clusters
) -> None:
    errors = {"EventLevel": ["Error"]}
    received = Events(account, "SageMaker HyperPod Cluster Event", EventDetails=errors)
    poor = account.role("sagemaker", policy((["s3:*"], "*")))
    groups = [clusters.group(), clusters.group("poor", ExecutionRole=poor)]
    request = clusters.request(
        RestrictedInstanceGroups=None, InstanceGroups=groups, NodeProvisioningMode="Continuous"
    )

    described = clusters.create(**request)

    assert described["ClusterStatus"] == "InService"
    assert [group["CurrentCount"] for group in described["InstanceGroups"]] == [2, 0]
    assert described["InstanceGroups"][1]["Status"] == "Degraded"
    listed = clusters.sagemaker.list_cluster_events(ClusterName=request["ClusterName"])["Events"]
    (error,) = [event for event in listed if event["EventLevel"] == "Error"]
    detail = clusters.sagemaker.describe_cluster_event(
        ClusterName=request["ClusterName"], EventId=error["EventId"]
    )["EventDetails"]
    metadata = detail["EventDetails"]["EventMetadata"]["InstanceGroup"]
    assert "ec2:DescribeSubnets" in metadata["FailureMessage"]
    sent = received.next()
    assert sent["resources"] == [described["ClusterArn"]]
    assert sent["detail"]["EventDetails"]["EventId"] == error["EventId"]


def test_without_continuous_provisioning_there_are_no_events(
    clusters: Clusters, nova: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="NodeProvisioningMode Continuous only"):
        clusters.sagemaker.list_cluster_events(ClusterName=nova["ClusterName"])


def test_a_cluster_and_its_nodes_are_there_after_a_restart(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        with closing(Account(control.up(home, **SCRIPTED))) as account:
            before = Clusters(account, prepared(account))
            request = before.request()
            before.create(**request)
            nodes = {node["InstanceId"] for node in before.nodes(request["ClusterName"])}
        control.down(home)
        with closing(Account(control.up(home, **SCRIPTED))) as account:
            sagemaker = account.client("sagemaker")
            described = sagemaker.describe_cluster(ClusterName=request["ClusterName"])
            listed = sagemaker.list_cluster_nodes(ClusterName=request["ClusterName"])["ClusterNodeSummaries"]
            name = request["Orchestrator"]["Eks"]["ClusterArn"].rpartition("/")[2]
            kubernetes = reader(account, name)("/api/v1/nodes")["items"]
    finally:
        control.down(home)

    assert described["ClusterStatus"] == "InService"
    assert {node["InstanceId"] for node in listed} == nodes
    assert {node["metadata"]["name"] for node in kubernetes} == {f"hyperpod-{node}" for node in nodes}
