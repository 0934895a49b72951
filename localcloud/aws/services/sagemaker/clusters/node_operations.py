"""SageMaker's operations on a cluster's nodes and events."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.aws.services.sagemaker.clusters import descriptions
from localcloud.aws.services.sagemaker.clusters.cluster import HyperPodCluster, Node
from localcloud.aws.services.sagemaker.clusters.operations import GROUPS, find, page
from localcloud.aws.services.sagemaker.clusters.provisioner import Provisioner
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError

CONTROLLER = "the controller of a Slurm cluster cannot be taken out of it"
FILTERS: Mapping[str, Callable[[Mapping[str, Any], Any], bool]] = {
    "InstanceGroupName": lambda event, request: event.get("InstanceGroupName") == request,
    "NodeId": lambda event, request: event.get("InstanceId") == request,
    "ResourceType": lambda event, request: event["ResourceType"] == request,
    "EventTimeAfter": lambda event, request: event["EventTime"] > request,
    "EventTimeBefore": lambda event, request: event["EventTime"] < request,
}


class NodeOperations:
    """List, describe, delete and replace nodes; list and describe events."""

    def __init__(self, clusters: Clusters, provisioner: Provisioner) -> None:
        self._clusters = clusters
        self._provisioner = provisioner

    def by_name(self) -> dict[str, Operation]:
        return {
            "ListClusterNodes": self.list_nodes,
            "DescribeClusterNode": self.describe,
            "BatchDeleteClusterNodes": self.delete,
            "BatchReplaceClusterNodes": self.replace,
            "ListClusterEvents": self.list_events,
            "DescribeClusterEvent": self.describe_event,
        }

    def list_nodes(self, call: Call) -> dict[str, Any]:
        cluster, request = find(call, self._clusters, "sagemaker:ListClusterNodes"), call.params
        nodes = [node for node in cluster.nodes if request.get("InstanceGroupNameContains", "") in node.group]
        nodes.sort(key=lambda node: node.group if request.get("SortBy") == "NAME" else node.launched)
        with_id = request.get("IncludeNodeLogicalIds", False)
        summaries = [descriptions.node_summary(node, with_logical_id=with_id) for node in nodes]
        return page("ClusterNodeSummaries", summaries, request)

    def describe(self, call: Call) -> dict[str, Any]:
        cluster = find(call, self._clusters, "sagemaker:DescribeClusterNode")
        request = [call.params[name] for name in ("NodeId", "NodeLogicalId") if name in call.params]
        if len(request) != 1:
            raise ServiceError("ValidationException", "Exactly one of NodeId and NodeLogicalId must be set.")
        node = _find_node(cluster, request[0])
        if node is None:
            raise ServiceError("ResourceNotFound", f"Node {request[0]} not found in cluster {cluster.name}.")
        return {"NodeDetails": descriptions.node_description(cluster, node)}

    def delete(self, call: Call) -> dict[str, Any]:
        """Remove the nodes; their groups shrink."""
        cluster = find(call, self._clusters, "sagemaker:BatchDeleteClusterNodes")
        before = cluster.request
        after = copy.deepcopy(before)
        taken, answer = self._sort_out(cluster, call.params, "Code", "NodeIdNotFound", "InvalidNodeStatus")
        for kind in GROUPS:
            for group in after.get(kind, []):
                group["InstanceCount"] -= sum(node.group == group["InstanceGroupName"] for node in taken)
        self._take_out(cluster, taken, before, after)
        return answer

    def replace(self, call: Call) -> dict[str, Any]:
        """Replace the nodes by new ones."""
        cluster = find(call, self._clusters, "sagemaker:BatchReplaceClusterNodes")
        codes = ("ErrorCode", "InstanceIdNotFound", "InvalidInstanceStatus")
        taken, answer = self._sort_out(cluster, call.params, *codes)
        self._take_out(cluster, taken, cluster.request, cluster.request)
        return answer

    def list_events(self, call: Call) -> dict[str, Any]:
        cluster, request = find(call, self._clusters, "sagemaker:ListClusterEvents"), call.params
        _require_events(cluster)
        summaries = [
            {name: value for name, value in event.items() if name != "EventDetails"}
            for event in cluster.events
            if all(holds(event, request[name]) for name, holds in FILTERS.items() if name in request)
        ]
        return page("Events", summaries, request)

    def describe_event(self, call: Call) -> dict[str, Any]:
        cluster = find(call, self._clusters, "sagemaker:DescribeClusterEvent")
        _require_events(cluster)
        for event in cluster.events:
            if event["EventId"] == call.params["EventId"]:
                return {"EventDetails": event}
        raise ServiceError("ResourceNotFound", f"Event {call.params['EventId']} not found.")

    def _sort_out(
        self, cluster: HyperPodCluster, params: Mapping[str, Any], code: str, unknown: str, unfit: str
    ) -> tuple[list[Node], dict[str, Any]]:
        """The nodes that can be taken, and the answer, whose lists are left out when they are empty."""
        taken: dict[str, Node] = {}
        answer: dict[str, list[Any]] = {}
        for kind, suffix in (("NodeId", ""), ("NodeLogicalId", "NodeLogicalIds")):
            for identifier in params.get(f"{kind}s", []):
                node = _find_node(cluster, identifier)
                if node is None:
                    why = {code: unknown, "Message": f"{identifier} is no node of {cluster.name}"}
                elif cluster.group(node.group).slurm_node_type == "Controller":
                    why = {code: unfit, "Message": CONTROLLER}
                else:
                    taken[node.instance_id] = node
                    answer.setdefault(f"Successful{suffix}", []).append(identifier)
                    continue
                answer.setdefault(f"Failed{suffix}", []).append({kind: identifier, **why})
        return list(taken.values()), answer

    def _take_out(
        self, cluster: HyperPodCluster, nodes: list[Node], before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        if not nodes:
            return
        self._clusters.occupy(cluster, "Updating", request=after)
        with self._clusters.changing(cluster):
            for node in nodes:
                node.status = "ShuttingDown"
        self._provisioner.change(cluster, before)


def _find_node(cluster: HyperPodCluster, identifier: str) -> Node | None:
    """A node by its instance id, or by its logical id before it has an instance."""
    return next((node for node in cluster.nodes if identifier in (node.instance_id, node.logical_id)), None)


def _require_events(cluster: HyperPodCluster) -> None:
    if not cluster.is_continuous:
        raise ServiceError(
            "ValidationException",
            f"Cluster {cluster.name} has no events: they are kept with NodeProvisioningMode Continuous only.",
        )
