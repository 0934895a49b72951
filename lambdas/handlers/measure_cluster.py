"""Function MeasureCluster: count a cluster's missing and idle nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import boto3

from atelier.platforms.eks.resources import POD
from lambdas.adapters.kubernetes.client import KubernetesClient
from lambdas.adapters.kubernetes.connect import namespace_client
from lambdas.cluster_metrics import IDLE_NODES, MISSING_NODES, current_nodes, missing_nodes, put
from lambdas.composition import now

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient


def handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    """The schedule's {cluster, namespaces, accelerated_groups} → {missing, idle}, also as metrics."""
    sagemaker, session = boto3.client("sagemaker"), boto3.Session()
    return measure(
        event["cluster"],
        event["accelerated_groups"],
        pods=[
            namespace_client(
                event["cluster"],
                namespace,
                session=session,
                sagemaker=sagemaker,
                eks=session.client("eks"),
                now=now,
            )
            for namespace in event["namespaces"]
        ],
        sagemaker=sagemaker,
        cloudwatch=boto3.client("cloudwatch"),
    )


def measure(
    cluster: str,
    accelerated_groups: Collection[str],
    *,
    pods: Iterable[KubernetesClient],
    sagemaker: SageMakerClient,
    cloudwatch: CloudWatchClient,
) -> dict[str, int]:
    """Put both metrics. Missing nodes first: they are known even where Kubernetes does not answer."""
    described = sagemaker.describe_cluster(ClusterName=cluster)
    missing = missing_nodes(described)
    put(cloudwatch, cluster, MISSING_NODES, missing)
    is_used = any(
        True for namespace in pods for _ in namespace.find_all(POD, field_selector="status.phase=Running")
    )
    idle = 0 if is_used else current_nodes(described, accelerated_groups)
    put(cloudwatch, cluster, IDLE_NODES, idle)
    return {"missing": missing, "idle": idle}
