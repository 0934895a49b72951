"""Function AwaitNodes: the cluster's nodes are there, or the stack says why they are not.

CloudFormation calls a cluster with continuous provisioning complete while it has no node at all; add-ons that
need one would fail without a word about capacity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.resources.custom_resource import Context, Done, NotYet, Request, ResourceFailed, run

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

# Being tested takes hours on a large instance; it is there, and joins the scheduler when it has passed.
ARRIVED = {"Running", "DeepHealthCheckInProgress"}
_EVENTS = 5


def handler(event: dict[str, Any], context: Context) -> None:
    """Custom resource {ClusterName, LeastCounts: {group: nodes}, HasEvents} → nothing."""
    nodes = Nodes(boto3.client("sagemaker"))
    run(event, context, nodes.look)


class Nodes:
    """Counts a cluster's nodes against what each group needs at least."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def look(self, request: Request) -> Done | NotYet:
        """Done when every group has its nodes; ResourceFailed when the cluster failed."""
        if request.kind == "Delete":
            return Done()
        name = request.properties["ClusterName"]
        cluster = self._sagemaker.describe_cluster(ClusterName=name)
        if cluster["ClusterStatus"] in ("Failed", "RollingBack"):
            why = cluster.get("FailureMessage") or "SageMaker does not say why; its events may"
            raise ResourceFailed(f"cluster {name} is {cluster['ClusterStatus']}: {why}")
        arrived = Counter(self._arrived(name))
        missing = missing_nodes(request.properties["LeastCounts"], arrived)
        if not missing and cluster["ClusterStatus"] == "InService":
            return Done(attributes={group: str(count) for group, count in sorted(arrived.items())})
        reason = f"cluster {name} is {cluster['ClusterStatus']}; " + "; ".join(missing)
        if request.properties["HasEvents"] == "true":
            reason += self._complaints(name)
        return NotYet(reason)

    def _arrived(self, name: str) -> Iterator[str]:
        for page in self._sagemaker.get_paginator("list_cluster_nodes").paginate(ClusterName=name):
            for node in page["ClusterNodeSummaries"]:
                if node["InstanceStatus"]["Status"] in ARRIVED:
                    yield node["InstanceGroupName"]

    def _complaints(self, name: str) -> str:
        listed = self._sagemaker.list_cluster_events(
            ClusterName=name, SortBy="EventTime", SortOrder="Descending", MaxResults=50
        )
        errors = [event for event in listed["Events"] if event.get("EventLevel") == "Error"]
        descriptions = dict.fromkeys(event.get("Description", "") for event in errors)
        return "".join(f"; event: {text}" for text in list(descriptions)[:_EVENTS])


def missing_nodes(least: Mapping[str, str], arrived: Mapping[str, int]) -> list[str]:
    """A clause for each group that has fewer nodes than it needs. CloudFormation sends numbers as text."""
    return [
        f"group {group} has {arrived.get(group, 0)} of {count} nodes"
        for group, count in least.items()
        if arrived.get(group, 0) < int(count)
    ]
