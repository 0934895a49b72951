"""A cluster's stack through CloudFormation: each resource is on its service's record, and goes with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.common.home import Home
from tests.fixtures.embedded_cloud.account import BUCKET, Account, policy, until

NODE_POLICY = policy((["ec2:DescribeSubnets", "ec2:CreateNetworkInterface"], "*"))
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class Stack:
    """One stack, deployed again and again."""

    def __init__(self, account: Account, role: str) -> None:
        self._account = account
        self._role = role
        self.name = account.fresh("cluster-stack")
        self.cloudformation = account.client("cloudformation")

    def create(self, count: int = 2) -> dict[str, str]:
        self.cloudformation.create_stack(StackName=self.name, TemplateBody=self._template(count))
        return self._outputs("CREATE_COMPLETE")

    def update(self, count: int) -> dict[str, str]:
        self.cloudformation.update_stack(StackName=self.name, TemplateBody=self._template(count))
        return self._outputs("UPDATE_COMPLETE")

    def delete(self) -> None:
        self.cloudformation.delete_stack(StackName=self.name)
        until(lambda: self._status() in ("DELETE_COMPLETE", "DELETE_FAILED"))
        assert self._status() == "DELETE_COMPLETE", self.reasons()

    def reasons(self) -> list[str]:
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [event["ResourceStatusReason"] for event in events if event.get("ResourceStatusReason")]

    def _outputs(self, status: str) -> dict[str, str]:
        until(lambda: not self._status().endswith("IN_PROGRESS"))
        assert self._status() == status, self.reasons()
        described = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def _status(self) -> str:
        try:
            described = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError:
            return "DELETE_COMPLETE"
        return str(described["StackStatus"])

    def _template(self, count: int) -> str:
        return json.dumps(template(self.name, self._role, count))


@pytest.fixture(scope="module")
def stack(account: Account) -> Stack:
    return Stack(account, account.role("sagemaker", NODE_POLICY))


@pytest.fixture(scope="module")
def outputs(stack: Stack) -> Iterator[dict[str, str]]:
    yield stack.create()
    stack.delete()


def test_the_cluster_is_in_service_when_the_stack_stands(account: Account, outputs: dict[str, str]) -> None:
    described = account.client("sagemaker").describe_cluster(ClusterName=outputs["Cluster"])
    assert described["ClusterStatus"] == "InService"
    assert described["RestrictedInstanceGroups"][0]["CurrentCount"] == 2


def test_access_entries_add_ons_and_identities_are_eks_s(account: Account, outputs: dict[str, str]) -> None:
    eks, name = account.client("eks"), outputs["ControlPlane"]
    role = outputs["Role"]
    assert eks.describe_access_entry(clusterName=name, principalArn=role)["accessEntry"]["type"] == "STANDARD"
    policies = eks.list_associated_access_policies(clusterName=name, principalArn=role)
    assert [each["policyArn"] for each in policies["associatedAccessPolicies"]] == [ADMINISTRATOR]
    assert eks.describe_addon(clusterName=name, addonName="vpc-cni")["addon"]["status"] == "ACTIVE"
    (identity,) = eks.list_pod_identity_associations(clusterName=name)["associations"]
    assert identity["serviceAccount"] == "controller"


def test_the_secondary_block_is_the_vpc_s(account: Account, outputs: dict[str, str]) -> None:
    (vpc,) = account.client("ec2").describe_vpcs(VpcIds=[outputs["Vpc"]])["Vpcs"]
    blocks = [each["CidrBlock"] for each in vpc["CidrBlockAssociationSet"]]
    assert blocks == ["10.78.0.0/16", "10.79.0.0/24"]


def test_a_file_system_is_a_folder_in_which_a_linked_prefix_of_the_bucket_is_seen(
    account: Account, home: Home, outputs: dict[str, str]
) -> None:
    (described,) = account.client("fsx").describe_file_systems(FileSystemIds=[outputs["Lustre"]])[
        "FileSystems"
    ]
    assert described["Lifecycle"] == "AVAILABLE"
    assert described["DNSName"] == outputs["LustreName"]
    assert described["LustreConfiguration"]["MountName"] == outputs["LustreMount"]
    seen = home.file_systems / outputs["Lustre"] / "linked"
    account.client("s3").put_object(Bucket=BUCKET, Key="linked/later.txt", Body=b"here")
    assert (seen / "later.txt").read_text() == "here"


def test_a_document_and_a_budget_are_on_record(account: Account, outputs: dict[str, str]) -> None:
    document = account.client("ssm").get_document(Name=outputs["Document"])
    assert json.loads(document["Content"])["sessionType"] == "Standard_Stream"
    budgets = account.client("budgets").describe_budgets(AccountId=account.cloud.account_id)["Budgets"]
    assert [each["BudgetLimit"]["Amount"] for each in budgets] == ["100"]


def test_a_larger_group_is_the_same_cluster_with_more_nodes(
    account: Account, stack: Stack, outputs: dict[str, str]
) -> None:
    after = stack.update(3)

    assert after["Cluster"] == outputs["Cluster"]
    described = account.client("sagemaker").describe_cluster(ClusterName=outputs["Cluster"])
    assert described["RestrictedInstanceGroups"][0]["CurrentCount"] == 3


def test_a_cluster_that_fails_fails_its_stack_with_the_reason_and_is_gone(account: Account) -> None:
    stack = Stack(account, account.role("sagemaker", policy((["s3:*"], "*"))))

    with pytest.raises(AssertionError, match="ec2:DescribeSubnets"):
        stack.create()

    names = account.client("sagemaker").list_clusters(NameContains=stack.name)["ClusterSummaries"]
    assert names == []
    stack.delete()


def test_everything_goes_with_the_stack(account: Account, home: Home) -> None:
    stack = Stack(account, account.role("sagemaker", NODE_POLICY))
    outputs = stack.create(1)

    stack.delete()

    assert account.client("sagemaker").list_clusters(NameContains=stack.name)["ClusterSummaries"] == []
    assert outputs["ControlPlane"] not in account.client("eks").list_clusters()["clusters"]
    assert not Path(home.file_systems / outputs["Lustre"]).exists()
    with pytest.raises(ClientError, match="InvalidDocument"):
        account.client("ssm").describe_document(Name=outputs["Document"])


def template(name: str, role: str, count: int) -> dict[str, Any]:
    """A restricted cluster with what belongs to it, and a Slurm cluster's file system and document."""
    subnet, group = {"Ref": "Subnet"}, {"Ref": "Nodes"}
    control_plane = {"Ref": "ControlPlane"}
    session = {"schemaVersion": "1.0", "description": "Sessions", "sessionType": "Standard_Stream"}
    resources = {
        "Vpc": _of("EC2::VPC", CidrBlock="10.78.0.0/16"),
        "Block": _of("EC2::VPCCidrBlock", VpcId={"Ref": "Vpc"}, CidrBlock="10.79.0.0/24"),
        "Subnet": _of(
            "EC2::Subnet",
            "Block",
            VpcId={"Ref": "Vpc"},
            CidrBlock="10.79.0.0/24",
            AvailabilityZone="us-east-1a",
        ),
        "Nodes": _of("EC2::SecurityGroup", VpcId={"Ref": "Vpc"}, GroupDescription="Nodes"),
        "ControlPlane": _of(
            "EKS::Cluster",
            Name=name,
            RoleArn=role,
            AccessConfig={"AuthenticationMode": "API"},
            ResourcesVpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]},
        ),
        "Network": _of("EKS::Addon", ClusterName=control_plane, AddonName="vpc-cni"),
        "Entry": _of(
            "EKS::AccessEntry",
            ClusterName=control_plane,
            PrincipalArn=role,
            Type="STANDARD",
            AccessPolicies=[{"PolicyArn": ADMINISTRATOR, "AccessScope": {"Type": "cluster"}}],
        ),
        "Identity": _of(
            "EKS::PodIdentityAssociation",
            ClusterName=control_plane,
            Namespace="aws-hyperpod",
            ServiceAccount="controller",
            RoleArn=role,
        ),
        "Cluster": _of(
            "SageMaker::Cluster",
            "Network",
            ClusterName=name,
            Orchestrator={"Eks": {"ClusterArn": {"Fn::GetAtt": ["ControlPlane", "Arn"]}}},
            VpcConfig={"Subnets": [subnet], "SecurityGroupIds": [group]},
            RestrictedInstanceGroups=[
                {
                    "InstanceGroupName": "training",
                    "InstanceType": "ml.g5.12xlarge",
                    "InstanceCount": count,
                    "ExecutionRole": role,
                }
            ],
        ),
        "Lustre": _of(
            "FSx::FileSystem",
            FileSystemType="LUSTRE",
            StorageCapacity=1200,
            SubnetIds=[subnet],
            LustreConfiguration={"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 125},
        ),
        "Link": _of(
            "FSx::DataRepositoryAssociation",
            FileSystemId={"Ref": "Lustre"},
            FileSystemPath="/linked",
            DataRepositoryPath=f"s3://{BUCKET}/linked/",
            S3={"AutoImportPolicy": {"Events": ["NEW", "CHANGED", "DELETED"]}},
        ),
        "Document": _of("SSM::Document", DocumentType="Session", Content=session),
        "Budget": _of(
            "Budgets::Budget",
            Budget={
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 100, "Unit": "USD"},
            },
        ),
    }
    outputs = {
        "Cluster": {"Ref": "Cluster"},
        "ControlPlane": control_plane,
        "Vpc": {"Ref": "Vpc"},
        "Role": role,
        "Lustre": {"Ref": "Lustre"},
        "LustreName": {"Fn::GetAtt": ["Lustre", "DNSName"]},
        "LustreMount": {"Fn::GetAtt": ["Lustre", "LustreMountName"]},
        "Document": {"Ref": "Document"},
    }
    return {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in outputs.items()}}


def _of(kind: str, *after: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "DependsOn": list(after), "Properties": properties}
