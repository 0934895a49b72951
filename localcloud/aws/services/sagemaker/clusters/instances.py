"""Instances: their ids and addresses, and what AWS looks for as the execution role before one is made."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Collection, Iterator
from ipaddress import IPv4Network

from botocore.exceptions import ClientError
from ministack.services import ec2

from localcloud.aws.services.authorization import ServiceRole
from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.credentials import execution_role
from localcloud.common.endpoint import Endpoint
from localcloud.common.s3_folders import split
from localcloud.common.service_error import ServiceError

# Nodes of a cluster without VpcConfig are in a network of the service's.
SERVICE_NETWORK = ("", "10.255.0.0/16")
# The first four addresses of a subnet are AWS's own.
RESERVED = 3


class InstanceFailed(Exception):
    """An instance cannot be made; the message says why, as FailureMessage does."""


def look_around(cluster: HyperPodCluster, group: Group, endpoint: Endpoint) -> None:
    """Raise InstanceFailed unless the role lets HyperPod, and the nodes themselves, see what they need."""
    try:
        role = execution_role(cluster, group)
        if cluster.network_of(group):
            role.require_allowed("ec2:DescribeSubnets", "*", cluster.region)
            interfaces = f"arn:aws:ec2:{cluster.region}:{cluster.account_id}:network-interface/*"
            role.require_allowed("ec2:CreateNetworkInterface", interfaces, cluster.region)
    except ServiceError as error:
        raise InstanceFailed(f"Instance group {group.name}: {error.message}") from error
    for group_id in cluster.network_of(group).get("SecurityGroupIds", []):
        if ec2._security_groups.get_scoped(cluster.account_id, cluster.region, group_id) is None:
            raise InstanceFailed(f"Instance group {group.name}: security group {group_id} does not exist")
    _find_scripts(cluster, group, role, endpoint)


def launch(cluster: HyperPodCluster, group: Group, taken: Collection[str]) -> Node:
    """A new node; `taken` are the addresses that others have. InstanceFailed when its subnets are full."""
    for subnet_id, cidr in _subnets(cluster, group):
        hosts = IPv4Network(cidr).hosts()
        for _ in range(RESERVED):
            next(hosts, None)
        address = next((str(host) for host in hosts if str(host) not in taken), None)
        if address is not None:
            now = time.time()
            return Node(
                instance_id=f"i-{secrets.token_hex(9)[:17]}",
                logical_id=str(uuid.uuid4()),
                group=group.name,
                instance_type=group.instance_types[0],
                private_ip=address,
                subnet_id=subnet_id,
                launched=now,
                software_updated=now,
            )
    raise InstanceFailed(f"Instance group {group.name}: its subnets have no free address")


def _subnets(cluster: HyperPodCluster, group: Group) -> Iterator[tuple[str, str]]:
    network = cluster.network_of(group)
    if not network:
        yield SERVICE_NETWORK
    for subnet_id in network.get("Subnets", []):
        subnet = ec2._subnets.get_scoped(cluster.account_id, cluster.region, subnet_id)
        if subnet is None:
            raise InstanceFailed(f"Instance group {group.name}: unable to retrieve subnet {subnet_id}")
        yield subnet_id, subnet["CidrBlock"]


def _find_scripts(cluster: HyperPodCluster, group: Group, role: ServiceRole, endpoint: Endpoint) -> None:
    """A node fetches its lifecycle scripts as its role; a node without them never comes up."""
    if not group.lifecycle:
        return
    bucket, prefix = split(group.lifecycle["SourceS3Uri"])
    entry = group.lifecycle.get("OnCreate") or group.lifecycle["OnInitComplete"]
    key = f"{prefix.rstrip('/')}/{entry}".lstrip("/")
    s3 = endpoint.client(role.session("lifecycle", cluster.region), "s3")
    try:
        s3.get_object(Bucket=bucket, Key=key)["Body"].close()
    except ClientError as error:
        raise InstanceFailed(
            f"Instance group {group.name}: lifecycle scripts did not run successfully: "
            f"s3://{bucket}/{key}: {error}"
        ) from error
