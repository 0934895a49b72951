"""What CloudFormation keeps when a stack goes, and what it takes back when a stack never came up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixtures.embedded_cloud.account import Account, until

DELETED = ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
KEEP = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def template(*, is_sound: bool) -> str:
    """A file system in a network, all kept, and a block that its VPC takes only where the stack is sound."""
    kept = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.9.1.0/24"},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "GroupDescription": "files"},
        },
        "Files": {
            "Type": "AWS::FSx::FileSystem",
            "Properties": {
                "FileSystemType": "OPENZFS",
                "StorageType": "SSD",
                "StorageCapacity": 64,
                "SubnetIds": [{"Ref": "Subnet"}],
                "SecurityGroupIds": [{"Ref": "Group"}],
                "OpenZFSConfiguration": {"DeploymentType": "SINGLE_AZ_HA_2", "ThroughputCapacity": 160},
            },
        },
    }
    block = "10.10.0.0/24" if is_sound else "10.9.2.0/24"
    resources: dict[str, Any] = {name: resource | KEEP for name, resource in kept.items()}
    resources["Block"] = {
        "Type": "AWS::EC2::VPCCidrBlock",
        "DependsOn": "Files",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": block},
    }
    return json.dumps({"Resources": resources})


class Stack:
    """A stack by its id, by which CloudFormation knows it when it is gone, too."""

    def __init__(self, account: Account, *, is_sound: bool) -> None:
        self._cloudformation = account.client("cloudformation")
        created = self._cloudformation.create_stack(
            StackName=account.fresh("kept"), TemplateBody=template(is_sound=is_sound)
        )
        self.id = created["StackId"]

    def status(self) -> str:
        """The status that the operation under way ends with."""

        def look() -> str | None:
            described = self._cloudformation.describe_stacks(StackName=self.id)["Stacks"][0]
            return None if described["StackStatus"].endswith("IN_PROGRESS") else described["StackStatus"]

        return str(until(look))

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.id)

    def history(self, logical_id: str) -> list[str]:
        """What became of a resource, from first to last."""
        events = self._cloudformation.describe_stack_events(StackName=self.id)["StackEvents"]
        return [each["ResourceStatus"] for each in events if each["LogicalResourceId"] == logical_id][::-1]

    def physical_ids(self) -> dict[str, str]:
        listed = self._cloudformation.describe_stack_resources(StackName=self.id)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


@pytest.fixture
def file_systems(account: Account) -> Any:
    def listed() -> set[str]:
        return {each["FileSystemId"] for each in account.client("fsx").describe_file_systems()["FileSystems"]}

    return listed


def test_what_is_kept_except_on_create_stays_with_its_network(account: Account, file_systems: Any) -> None:
    stack = Stack(account, is_sound=True)
    assert stack.status() == "CREATE_COMPLETE"
    made = stack.physical_ids()
    stack.delete()
    assert stack.status() == "DELETE_COMPLETE"
    assert made["Files"] in file_systems()
    (subnet,) = account.client("ec2").describe_subnets(SubnetIds=[made["Subnet"]])["Subnets"]
    (vpc,) = account.client("ec2").describe_vpcs(VpcIds=[made["Vpc"]])["Vpcs"]
    assert subnet["VpcId"] == vpc["VpcId"]
    assert [each["CidrBlock"] for each in vpc["CidrBlockAssociationSet"]] == ["10.9.0.0/16"]


def test_a_stack_that_never_came_up_leaves_nothing_behind(account: Account, file_systems: Any) -> None:
    before = file_systems()
    stack = Stack(account, is_sound=False)
    assert stack.status() == "ROLLBACK_COMPLETE"
    assert stack.history("Files") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", *DELETED]
    assert file_systems() == before
