"""SageMaker's operations on HyperPod clusters."""

from __future__ import annotations

import copy
import secrets
import string
import time
from collections.abc import Iterable, Mapping
from typing import Any

from localcloud.aws.services.authorization import Caller, ServiceRole, tag_context
from localcloud.aws.services.sagemaker.clusters import checks, descriptions
from localcloud.aws.services.sagemaker.clusters.cluster import HyperPodCluster
from localcloud.aws.services.sagemaker.clusters.credentials import PRINCIPAL
from localcloud.aws.services.sagemaker.clusters.provisioner import Provisioner
from localcloud.aws.services.sagemaker.clusters.store import Clusters
from localcloud.aws.services.service import Call, Operation
from localcloud.common.service_error import ServiceError
from localcloud.kubernetes.eks import EksClusters

SCALING_PRINCIPAL = "hyperpod.sagemaker.amazonaws.com"
# What HyperPod does to the EKS cluster in the caller's name (sagemaker-hyperpod-prerequisites-iam).
EKS_ACTIONS = ("eks:DescribeCluster", "eks:CreateAccessEntry", "eks:DescribeAccessEntry")
ID_CHARACTERS = string.ascii_lowercase + string.digits
GROUPS = ("InstanceGroups", "RestrictedInstanceGroups")
CHANGEABLE = (
    "RestrictedInstanceGroupsConfig",
    "TieredStorageConfig",
    "NodeRecovery",
    "NodeProvisioningMode",
    "ClusterRole",
    "AutoScaling",
    "Orchestrator",
)


class ClusterOperations:
    """Create, describe, update and delete clusters."""

    def __init__(self, clusters: Clusters, provisioner: Provisioner, eks_clusters: EksClusters) -> None:
        self._clusters = clusters
        self._provisioner = provisioner
        self._eks_clusters = eks_clusters

    def by_name(self) -> dict[str, Operation]:
        return {
            "CreateCluster": self.create,
            "DescribeCluster": self.describe,
            "ListClusters": self.list,
            "UpdateCluster": self.update,
            "UpdateClusterSoftware": self.update_software,
            "DeleteCluster": self.delete,
        }

    def create(self, call: Call) -> dict[str, Any]:
        caller, request = call.caller, copy.deepcopy(call.params)
        tags = {tag["Key"]: tag["Value"] for tag in request.pop("Tags", [])}
        identifier = "".join(secrets.choice(ID_CHARACTERS) for _ in range(12))
        arn = f"arn:aws:sagemaker:{caller.region}:{caller.account_id}:cluster/{identifier}"
        caller.require("sagemaker:CreateCluster", arn, _network_context(request) | tag_context(tags))
        if tags:
            caller.require("sagemaker:AddTags", arn, tag_context(tags))
        cluster = HyperPodCluster(
            arn, caller.account_id, caller.region, {"NodeRecovery": "Automatic", **request}, tags, time.time()
        )
        self._require_passing(caller, cluster)
        if cluster.eks_cluster_arn is not None:
            for action in EKS_ACTIONS:
                caller.require(action, cluster.eks_cluster_arn)
        if self._clusters.find(caller.account_id, caller.region, cluster.name) is not None:
            raise _name_taken(cluster.name)
        checks.check(cluster, self._clusters.within(caller.account_id, caller.region), self._eks_clusters)
        if not self._clusters.add(cluster):
            raise _name_taken(cluster.name)
        self._provisioner.create(cluster)
        return {"ClusterArn": arn}

    def describe(self, call: Call) -> dict[str, Any]:
        return descriptions.cluster_description(find(call, self._clusters, "sagemaker:DescribeCluster"))

    def list(self, call: Call) -> dict[str, Any]:
        call.caller.require("sagemaker:ListClusters")
        request = call.params
        found = [
            cluster
            for cluster in self._clusters.within(call.caller.account_id, call.caller.region)
            if request.get("NameContains", "").lower() in cluster.name.lower()
        ]
        if request.get("SortBy") == "NAME":
            found.sort(key=lambda cluster: cluster.name)
        else:
            found.sort(key=lambda cluster: cluster.created)
        return page("ClusterSummaries", [descriptions.cluster_summary(each) for each in found], request)

    def update(self, call: Call) -> dict[str, Any]:
        cluster = find(call, self._clusters, "sagemaker:UpdateCluster")
        before = cluster.request
        after = copy.deepcopy(before) | {
            name: call.params[name] for name in CHANGEABLE if name in call.params
        }
        leaving = set(call.params.get("InstanceGroupsToDelete", []))
        unknown = leaving - {group.name for group in cluster.groups}
        if unknown:
            raise ServiceError(
                "ValidationException", f"Cluster {cluster.name} has no instance groups {sorted(unknown)}."
            )
        for kind in GROUPS:
            named = {each["InstanceGroupName"]: each for each in call.params.get(kind, [])}
            current = {each["InstanceGroupName"]: each for each in before.get(kind, [])}
            _require_fixed(current, named)
            merged = current | named
            kept = [each for name, each in merged.items() if name not in leaving]
            after.pop(kind, None)
            if kept:
                after[kind] = kept
        changed = HyperPodCluster(
            cluster.arn, cluster.account_id, cluster.region, after, cluster.tags, cluster.created
        )
        self._require_passing(call.caller, changed)
        if changed.eks_cluster_arn != cluster.eks_cluster_arn:
            raise ServiceError("ValidationException", f"The orchestrator of {cluster.name} cannot change.")
        checks.check(changed, self._clusters.within(cluster.account_id, cluster.region), self._eks_clusters)
        self._clusters.occupy(cluster, "Updating", request=after)
        self._provisioner.change(cluster, before)
        return {"ClusterArn": cluster.arn}

    def update_software(self, call: Call) -> dict[str, Any]:
        cluster = find(call, self._clusters, "sagemaker:UpdateClusterSoftware")
        groups = {group.name for group in cluster.groups}
        named = {each["InstanceGroupName"] for each in call.params.get("InstanceGroups", [])} or groups
        if not named <= groups:
            raise ServiceError(
                "ValidationException",
                f"Cluster {cluster.name} has no instance groups {sorted(named - groups)}.",
            )
        self._clusters.occupy(cluster, "SystemUpdating")
        self._provisioner.update_software(cluster, named)
        return {"ClusterArn": cluster.arn}

    def delete(self, call: Call) -> dict[str, Any]:
        cluster = find(call, self._clusters, "sagemaker:DeleteCluster")
        self._clusters.occupy(cluster, "Deleting")
        self._provisioner.delete(cluster)
        return {"ClusterArn": cluster.arn}

    def _require_passing(self, caller: Caller, cluster: HyperPodCluster) -> None:
        """The caller may pass the groups' roles, and they trust who works as them."""
        for arn in sorted({group.execution_role for group in cluster.groups}):
            caller.require_pass_role(arn, PRINCIPAL)
            ServiceRole(arn, caller.account_id).require_trust(PRINCIPAL, cluster.arn, caller.region)
        if "ClusterRole" in cluster.request:
            arn = cluster.request["ClusterRole"]
            caller.require_pass_role(arn, SCALING_PRINCIPAL)
            ServiceRole(arn, caller.account_id).require_trust(SCALING_PRINCIPAL, cluster.arn, caller.region)


def find(call: Call, clusters: Clusters, action: str) -> HyperPodCluster:
    """The cluster a call names, by name or ARN, if the caller may do that to it. Else ResourceNotFound."""
    caller, name = call.caller, call.params["ClusterName"]
    cluster = clusters.find(caller.account_id, caller.region, name)
    unknown = name if ":" in name else f"arn:aws:sagemaker:{caller.region}:{caller.account_id}:cluster/*"
    current = {f"aws:ResourceTag/{key}": value for key, value in cluster.tags.items()} if cluster else {}
    caller.require(action, cluster.arn if cluster else unknown, current)
    if cluster is None:
        raise ServiceError("ResourceNotFound", f"Cluster with name {name} not found.")
    return cluster


def page(member: str, summaries: list[dict[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    """One page of summaries that are in ascending order; AWS's pages hold ten, and its order descends."""
    if request.get("SortOrder", "Descending") == "Descending":
        summaries = summaries[::-1]
    first = int(request.get("NextToken", "0"))
    last = first + request.get("MaxResults", 10)
    return {member: summaries[first:last]} | ({"NextToken": str(last)} if last < len(summaries) else {})


def _require_fixed(current: Mapping[str, Mapping[str, Any]], named: Mapping[str, Mapping[str, Any]]) -> None:
    """Where a group's nodes are, and what they are to Slurm, is decided when the group is made."""
    for name, group in named.items():
        if name not in current:
            continue
        before, after = (_fixed(each) for each in (current[name], group))
        for member, value in before.items():
            if after[member] != value:
                raise ServiceError(
                    "ValidationException", f"Instance group {name}: {member} cannot be changed."
                )


def _fixed(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "OverrideVpcConfig": group.get("OverrideVpcConfig"),
        "SlurmConfig.NodeType": group.get("SlurmConfig", {}).get("NodeType"),
    }


def _network_context(request: Mapping[str, Any]) -> dict[str, Any]:
    network: Mapping[str, Iterable[str]] = request.get("VpcConfig", {})
    keys = {"sagemaker:VpcSubnets": "Subnets", "sagemaker:VpcSecurityGroupIds": "SecurityGroupIds"}
    return {key: list(network[member]) for key, member in keys.items() if member in network}


def _name_taken(name: str) -> ServiceError:
    return ServiceError("ResourceInUse", f"Cluster with name {name} already exists.")
