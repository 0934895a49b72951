"""HyperPod's events: changes of a cluster's state, and what happened to it, its groups and its nodes.

Detail types and texts: docs.aws.amazon.com/sagemaker/latest/dg,
sagemaker-hyperpod-cluster-events-reference and automating-sagemaker-with-eventbridge.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any, Literal

from ministack.core import responses
from ministack.services import eventbridge

from localcloud.aws.services.sagemaker.clusters.cluster import HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.descriptions import cluster_description

STATE_CHANGE = "SageMaker HyperPod Cluster State Change"
EVENT = "SageMaker HyperPod Cluster Event"
NODE_HEALTH = "SageMaker HyperPod Cluster Node Health Event"

Level = Literal["Info", "Warn", "Error"]


def state_changed(cluster: HyperPodCluster) -> None:
    """Tell EventBridge what DescribeCluster says now."""
    described = cluster_description(cluster)
    _send(cluster, STATE_CHANGE, described | {"CreationTime": _milliseconds(cluster.created)})


def happened(
    cluster: HyperPodCluster,
    description: str,
    *,
    level: Level = "Info",
    group: str | None = None,
    node: Node | None = None,
    failure: str = "",
) -> None:
    """Note an event of the cluster, of a group, or of a node, and tell EventBridge.

    AWS keeps and sends them for clusters with continuous provisioning only.
    """
    if not cluster.is_continuous:
        return
    scope = "Instance" if node else "InstanceGroup" if group else "Cluster"
    metadata: dict[str, str] = {"FailureMessage": failure} if failure else {}
    if node:
        metadata["NodeLogicalId"] = node.logical_id
    about = {"InstanceGroupName": group, "InstanceId": node.instance_id if node else None}
    event: dict[str, Any] = {
        "EventId": str(uuid.uuid4()),
        "ClusterArn": cluster.arn,
        "ClusterName": cluster.name,
        **{name: value for name, value in about.items() if value is not None},
        "ResourceType": scope,
        "EventTime": time.time(),
        "EventLevel": level,
        "Description": description,
        **({"EventDetails": {"EventMetadata": {scope: metadata}}} if metadata else {}),
    }
    cluster.events.append(event)
    sent = event | {"EventTime": _milliseconds(event["EventTime"])}
    _send(cluster, EVENT, {"EventDetails": sent})


def node_is_unhealthy(cluster: HyperPodCluster, node: Node, reason: str, repair: str) -> None:
    """Tell EventBridge of a sick node, and what is done about it: Replace, Reboot or None."""
    health = {"HealthStatus": "Unhealthy", "HealthStatusReason": reason, "RepairAction": repair}
    detail = {
        "ClusterName": cluster.name,
        "ClusterArn": cluster.arn,
        "InstanceId": node.instance_id,
        "Tags": cluster.tags,
        "HealthSummary": health | {"Recommendation": "Please Replace the Faulty Node."},
    }
    _send(cluster, NODE_HEALTH, detail)


def _send(cluster: HyperPodCluster, detail_type: str, detail: Mapping[str, Any]) -> None:
    entry = {
        "Source": "aws.sagemaker",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
        "Resources": [cluster.arn],
    }
    with responses.request_scope(cluster.account_id, cluster.region):
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
