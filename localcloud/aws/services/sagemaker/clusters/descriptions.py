"""Clusters and nodes in the shapes of SageMaker's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import ec2

from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster, Node

# Members of CreateCluster that DescribeCluster gives back as they came.
KEPT = (
    "VpcConfig",
    "Orchestrator",
    "NodeRecovery",
    "TieredStorageConfig",
    "NodeProvisioningMode",
    "ClusterRole",
)
KEPT_OF_GROUPS = (
    "LifeCycleConfig",
    "ExecutionRole",
    "ThreadsPerCore",
    "InstanceStorageConfigs",
    "OnStartDeepHealthChecks",
    "TrainingPlanArn",
    "OverrideVpcConfig",
    "ScheduledUpdateConfig",
    "CapacityRequirements",
    "SlurmConfig",
    "NetworkInterface",
    "EnvironmentConfig",
)
KEPT_OF_NODES = ("LifeCycleConfig", "OverrideVpcConfig", "ThreadsPerCore", "InstanceStorageConfigs")
DEFAULT_IMAGE = "default"


def cluster_description(cluster: HyperPodCluster) -> dict[str, Any]:
    """DescribeCluster's answer."""
    request = cluster.request
    described: dict[str, Any] = {
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "ClusterStatus": cluster.status,
        "CreationTime": cluster.created,
        "FailureMessage": cluster.failure,
        "InstanceGroups": [_group(cluster, each) for each in cluster.groups if not each.is_restricted],
        **{name: request[name] for name in KEPT if name in request},
    }
    restricted = [_group(cluster, each) for each in cluster.groups if each.is_restricted]
    if restricted:
        described["RestrictedInstanceGroups"] = restricted
    if "RestrictedInstanceGroupsConfig" in request:
        described["RestrictedInstanceGroupsConfig"] = _shared(request["RestrictedInstanceGroupsConfig"])
    if "AutoScaling" in request:
        described["AutoScaling"] = request["AutoScaling"] | {"Status": "InService"}
    return described


def cluster_summary(cluster: HyperPodCluster) -> dict[str, Any]:
    """The cluster in ListClusters' shape."""
    plans = [
        group.specification["TrainingPlanArn"]
        for group in cluster.groups
        if "TrainingPlanArn" in group.specification
    ]
    return {
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        "ClusterStatus": cluster.status,
        "CreationTime": cluster.created,
        **({"TrainingPlanArns": plans} if plans else {}),
    }


def node_summary(node: Node, *, with_logical_id: bool) -> dict[str, Any]:
    """The node in ListClusterNodes' shape."""
    return {
        "InstanceGroupName": node.group,
        "InstanceId": node.instance_id,
        **({"NodeLogicalId": node.logical_id} if with_logical_id else {}),
        "InstanceType": node.instance_type,
        "LaunchTime": node.launched,
        "LastSoftwareUpdateTime": node.software_updated,
        "InstanceStatus": {"Status": node.status},
        "PrivateDnsHostname": f"{node.host_name}.ec2.internal",
    }


def node_description(cluster: HyperPodCluster, node: Node) -> dict[str, Any]:
    """DescribeClusterNode's details."""
    group = cluster.group(node.group)
    is_spot = "Spot" in group.specification.get("CapacityRequirements", {})
    described = {
        **node_summary(node, with_logical_id=True),
        **_some(group.specification, KEPT_OF_NODES),
        "PrivatePrimaryIp": node.private_ip,
        "CurrentImageId": group.specification.get("ImageId", DEFAULT_IMAGE),
        "CapacityType": "Spot" if is_spot else "OnDemand",
    }
    subnet = ec2._subnets.get_scoped(cluster.account_id, cluster.region, node.subnet_id)
    if subnet is not None:
        described["Placement"] = {
            "AvailabilityZone": subnet["AvailabilityZone"],
            "AvailabilityZoneId": subnet["AvailabilityZoneId"],
        }
    if "KubernetesConfig" in group.specification:
        described["KubernetesConfig"] = _kubernetes(group.specification["KubernetesConfig"])
    return described


def _group(cluster: HyperPodCluster, group: Group) -> dict[str, Any]:
    nodes = cluster.nodes_of(group)
    running = [node for node in nodes if node.status == "Running"]
    described: dict[str, Any] = {
        "InstanceGroupName": group.name,
        "CurrentCount": len(running),
        "TargetCount": group.count,
        "Status": _group_status(cluster, group, len(running)),
        **_some(group.specification, KEPT_OF_GROUPS),
    }
    if "InstanceRequirements" in group.specification:
        types = list(group.instance_types)
        described["InstanceRequirements"] = {"CurrentInstanceTypes": types, "DesiredInstanceTypes": types}
    else:
        described["InstanceType"] = group.instance_types[0]
    if group.is_restricted:
        return described
    if "MinInstanceCount" in group.specification:
        described["MinCount"] = group.specification["MinInstanceCount"]
    if "KubernetesConfig" in group.specification:
        described["KubernetesConfig"] = _kubernetes(group.specification["KubernetesConfig"])
    image = group.specification.get("ImageId", DEFAULT_IMAGE)
    return described | {"CurrentImageId": image, "DesiredImageId": image}


def _group_status(cluster: HyperPodCluster, group: Group, running: int) -> str:
    if cluster.status in ("Creating", "Updating", "Deleting", "Failed"):
        return cluster.status
    return "InService" if running == group.count else "Degraded"


def _shared(config: Mapping[str, Any]) -> dict[str, Any]:
    shared = config["SharedEnvironmentConfig"]
    return {
        "SharedEnvironmentConfig": {
            f"{state}{name}": shared[name]
            for state in ("Current", "Desired")
            for name in ("FSxLustreConfig", "FSxLustreDeletionPolicy")
        }
    }


def _kubernetes(config: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{state}{name}": config[name]
        for state in ("Current", "Desired")
        for name in ("Labels", "Taints")
        if name in config
    }


def _some(members: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members}
