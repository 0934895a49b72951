"""What a cluster misses while it says that all is well."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.handlers.measure_cluster import measure, missing_nodes


def group(current: int, target: int) -> dict[str, int]:
    return {"CurrentCount": current, "TargetCount": target}


@pytest.mark.parametrize(
    ("cluster", "missing"),
    [
        ({"ClusterStatus": "InService", "InstanceGroups": [group(0, 2), group(1, 1)]}, 2),
        ({"ClusterStatus": "InService", "RestrictedInstanceGroups": [group(3, 4)]}, 1),
        # A group that shrinks has too many, which do not stand in for another's.
        ({"ClusterStatus": "InService", "InstanceGroups": [group(3, 1), group(0, 1)]}, 1),
        ({"ClusterStatus": "Updating", "InstanceGroups": [group(0, 2)]}, 0),
    ],
)
def test_missing_nodes_are_counted_group_by_group(cluster: dict[str, Any], missing: int) -> None:
    assert missing_nodes(cluster) == missing


def test_the_measure_is_a_metric_of_the_cluster() -> None:
    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    sagemaker: Any = boto3.client("sagemaker", **keys)  # type: ignore[call-overload]
    cloudwatch: Any = boto3.client("cloudwatch", **keys)  # type: ignore[call-overload]
    datum = {
        "MetricName": "MissingNodes",
        "Dimensions": [{"Name": "Cluster", "Value": "nova"}],
        "Value": 1,
        "Unit": "Count",
    }
    with Stubber(sagemaker) as asked, Stubber(cloudwatch) as told:
        asked.add_response(
            "describe_cluster",
            {
                "ClusterArn": "arn:aws:sagemaker:us-east-1:111111111111:cluster/abcdefghijkl",
                "ClusterStatus": "InService",
                "InstanceGroups": [group(0, 1)],
            },
            {"ClusterName": "nova"},
        )
        told.add_response("put_metric_data", {}, {"Namespace": "Atelier/Clusters", "MetricData": [datum]})
        assert measure("nova", sagemaker=sagemaker, cloudwatch=cloudwatch) == {"missing": 1}
        told.assert_no_pending_responses()
