"""What is measured of a cluster: functions write it, alarms read it by these names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NAMESPACE = "Atelier/Clusters"
MISSING_NODES = "MissingNodes"
IDLE_NODES = "IdleNodes"
SILENT_AGENT = "SilentAgent"


def missing_nodes(cluster: Mapping[str, Any]) -> int:
    """Configured nodes that are missing; None while the cluster is not InService."""
    if cluster["ClusterStatus"] != "InService":
        return 0
    return sum(max(group["TargetCount"] - group["CurrentCount"], 0) for group in _groups(cluster))


def current_nodes(cluster: Mapping[str, Any], groups: Collection[str]) -> int:
    """Nodes of these groups that are there."""
    return sum(group["CurrentCount"] for group in _groups(cluster) if group["InstanceGroupName"] in groups)


def put(cloudwatch: CloudWatchClient, cluster: str, metric: str, count: int) -> None:
    """Tell CloudWatch a count of the cluster."""
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "Cluster", "Value": cluster}],
                "Value": count,
                "Unit": "Count",
            }
        ],
    )


def _groups(cluster: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*cluster.get("InstanceGroups", []), *cluster.get("RestrictedInstanceGroups", [])]
