"""What CreateCluster and UpdateCluster refuse at once, beyond the shape of the request.

Sources: docs.aws.amazon.com/sagemaker, API_CreateCluster, sagemaker-hyperpod-eks-prerequisites and the guide
to Slurm clusters configured through the API.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services import eks

from localcloud.aws.services.sagemaker.clusters.cluster import Group, HyperPodCluster
from localcloud.aws.services.sagemaker.clusters.instance_types import CAPACITIES
from localcloud.aws.services.sagemaker.clusters.kubernetes_nodes import place_of
from localcloud.common.service_error import ServiceError
from localcloud.kubernetes.eks import EksClusters

AUTHENTICATION_MODES = ("API", "API_AND_CONFIG_MAP")
# HyperPod's chart makes it on AWS, and every cluster here begins with it: the one trace to look for.
CHART_NAMESPACE = "aws-hyperpod"


def check(cluster: HyperPodCluster, others: Iterable[HyperPodCluster], eks_clusters: EksClusters) -> None:
    """Raise ValidationException for a cluster, new or changed, that cannot come to be."""
    groups = cluster.groups
    if not groups:
        raise _invalid("At least one of InstanceGroups and RestrictedInstanceGroups must be specified.")
    for name, times in Counter(group.name for group in groups).items():
        if times > 1:
            raise _invalid(f"InstanceGroupName {name} comes {times} times: names of groups must be unique.")
    for group in groups:
        _check_group(group)
    if "AutoScaling" in cluster.request and not cluster.is_continuous:
        raise _invalid("AutoScaling requires NodeProvisioningMode Continuous.")
    if cluster.eks_cluster_arn is None:
        _check_slurm(cluster)
    else:
        _check_eks(cluster, others, eks_clusters)


def _check_group(group: Group) -> None:
    if ("InstanceType" in group.specification) == ("InstanceRequirements" in group.specification):
        raise _invalid(
            f"Instance group {group.name}: exactly one of InstanceType and InstanceRequirements must be set."
        )
    for instance_type in group.instance_types:
        if instance_type not in CAPACITIES:
            raise _invalid(
                f"Instance group {group.name}: the embedded cloud does not know what {instance_type} has; "
                f"expected one of {', '.join(CAPACITIES)}."
            )
    if group.specification.get("MinInstanceCount", 0) > group.count:
        raise _invalid(f"Instance group {group.name}: MinInstanceCount is greater than InstanceCount.")
    lifecycle = group.specification.get("LifeCycleConfig", {})
    if "SourceS3Uri" in lifecycle and not {"OnCreate", "OnInitComplete"} & lifecycle.keys():
        raise _invalid(f"Instance group {group.name}: SourceS3Uri needs OnCreate or OnInitComplete.")


def _check_eks(
    cluster: HyperPodCluster, others: Iterable[HyperPodCluster], eks_clusters: EksClusters
) -> None:
    arn = cluster.eks_cluster_arn
    if "VpcConfig" not in cluster.request:
        raise _invalid("VpcConfig is required for clusters that Amazon EKS orchestrates.")
    if any("SlurmConfig" in group.specification for group in cluster.groups):
        raise _invalid("SlurmConfig is for clusters that Slurm orchestrates.")
    place = place_of(cluster)
    kubernetes = eks_clusters.find(place)
    record: Mapping[str, Any] | None = eks._clusters.get_scoped(*place)
    if kubernetes is None or record is None:
        raise _invalid(f"EKS cluster {arn} does not exist.")
    mode = record["accessConfig"].get("authenticationMode", "CONFIG_MAP")
    if mode not in AUTHENTICATION_MODES:
        raise _invalid(
            f"EKS cluster {arn} has authentication mode {mode}: expected {' or '.join(AUTHENTICATION_MODES)}."
        )
    for other in others:
        if other.arn != cluster.arn and other.eks_cluster_arn == arn:
            raise _invalid(f"EKS cluster {arn} orchestrates HyperPod cluster {other.name} already.")
    if not kubernetes.has_namespace(CHART_NAMESPACE):
        raise _invalid(
            f"EKS cluster {arn} is missing one or more required dependencies: "
            f"there is no namespace {CHART_NAMESPACE}, which HyperPod's Helm chart makes."
        )


def _check_slurm(cluster: HyperPodCluster) -> None:
    if any(group.is_restricted for group in cluster.groups):
        raise _invalid("RestrictedInstanceGroups are for clusters that Amazon EKS orchestrates.")
    slurm = cluster.request.get("Orchestrator", {}).get("Slurm", {})
    if cluster.is_continuous and "SlurmConfigStrategy" in slurm:
        raise _invalid("SlurmConfigStrategy cannot be set with NodeProvisioningMode Continuous.")
    if not cluster.is_continuous and "AccountingDatabase" in slurm:
        raise _invalid("AccountingDatabase requires NodeProvisioningMode Continuous.")
    kinds = Counter(group.slurm_node_type for group in cluster.groups)
    if set(kinds) == {None}:
        return  # Its own lifecycle scripts configure Slurm.
    if kinds[None]:
        raise _invalid("SlurmConfig must be set on every instance group, or on none.")
    controllers = [group for group in cluster.groups if group.slurm_node_type == "Controller"]
    if [group.count for group in controllers] != [1]:
        raise _invalid("Exactly one instance group must be Controller, with InstanceCount 1.")
    if kinds["Login"] > 1:
        raise _invalid("At most one instance group can be Login.")
    for group in cluster.groups:
        if group.slurm_node_type == "Compute" and len(group.partitions) != 1:
            raise _invalid(f"Instance group {group.name}: Compute needs exactly one of PartitionNames.")


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)
