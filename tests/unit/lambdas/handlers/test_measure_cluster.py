"""What a cluster misses while it says that all is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambdas.cluster_metrics import missing_nodes
from lambdas.handlers.measure_cluster import measure


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


@dataclass(frozen=True)
class Pods:
    """A namespace with as many running pods."""

    running: int

    def find_all(self, kind: tuple[str, str], *, field_selector: str) -> Iterator[dict[str, Any]]:
        assert (kind, field_selector) == (("v1", "Pod"), "status.phase=Running")
        yield from ({"kind": "Pod"} for _ in range(self.running))


@pytest.mark.parametrize(("running", "idle"), [((0, 0), 2), ((0, 1), 0), ((), 2)])
def test_accelerators_are_idle_while_no_pod_runs_in_any_namespace_of_jobs(
    running: tuple[int, ...], idle: int
) -> None:
    keys = {"region_name": "us-east-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    sagemaker: Any = boto3.client("sagemaker", **keys)  # type: ignore[call-overload]
    cloudwatch: Any = boto3.client("cloudwatch", **keys)  # type: ignore[call-overload]
    with Stubber(sagemaker) as asked, Stubber(cloudwatch) as told:
        asked.add_response(
            "describe_cluster",
            {
                "ClusterArn": "arn:aws:sagemaker:us-east-1:111111111111:cluster/abcdefghijkl",
                "ClusterStatus": "InService",
                "InstanceGroups": [
                    {"InstanceGroupName": "system", **group(1, 1)},
                    {"InstanceGroupName": "training", **group(2, 3)},
                ],
            },
            {"ClusterName": "nova"},
        )
        for metric, value in (("MissingNodes", 1), ("IdleNodes", idle)):
            datum = {
                "MetricName": metric,
                "Dimensions": [{"Name": "Cluster", "Value": "nova"}],
                "Value": value,
                "Unit": "Count",
            }
            expected = {"Namespace": "Atelier/Clusters", "MetricData": [datum]}
            told.add_response("put_metric_data", {}, expected)
        pods: Any = [Pods(count) for count in running]
        measured = measure("nova", ["training"], pods=pods, sagemaker=sagemaker, cloudwatch=cloudwatch)
        assert measured == {"missing": 1, "idle": idle}
        told.assert_no_pending_responses()
