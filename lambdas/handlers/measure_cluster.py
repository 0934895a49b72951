"""Function MeasureCluster: how many nodes a cluster misses while its status says that all is well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.cluster_metrics import MISSING_NODES, NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """The schedule's {cluster} → {missing}, also as a metric."""
    return measure(
        event["cluster"], sagemaker=boto3.client("sagemaker"), cloudwatch=boto3.client("cloudwatch")
    )


def measure(cluster: str, *, sagemaker: SageMakerClient, cloudwatch: CloudWatchClient) -> dict[str, int]:
    """Put the metric for one cluster, by its name."""
    missing = missing_nodes(sagemaker.describe_cluster(ClusterName=cluster))
    cloudwatch.put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": MISSING_NODES,
                "Dimensions": [{"Name": "Cluster", "Value": cluster}],
                "Value": missing,
                "Unit": "Count",
            }
        ],
    )
    return {"missing": missing}


def missing_nodes(cluster: Mapping[str, Any]) -> int:
    """Nodes that are wanted and not there. None while the cluster is not InService: then its status tells."""
    if cluster["ClusterStatus"] != "InService":
        return 0
    groups = [*cluster.get("InstanceGroups", []), *cluster.get("RestrictedInstanceGroups", [])]
    return sum(max(group["TargetCount"] - group["CurrentCount"], 0) for group in groups)
