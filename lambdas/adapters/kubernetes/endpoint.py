"""The endpoint and certificate authority of a HyperPod cluster's Kubernetes API."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from atelier.errors import RequestRefused
from lambdas.adapters.client_errors import domain_errors

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class EksClient(Protocol):
    """boto3's client of EKS, as far as it is used."""

    def describe_cluster(self, *, name: str) -> Mapping[str, Any]:
        """The cluster's description."""


@dataclass(frozen=True)
class Endpoint:
    """`ca` is the PEM of the cluster's own authority; `log_group` is where HyperPod puts its nodes' logs.

    It is empty when the HyperPod cluster behind the control plane was not requested.
    """

    url: str
    ca: str
    eks_name: str
    log_group: str


def endpoint_of(cluster: str, *, sagemaker: SageMakerClient, eks: EksClient) -> Endpoint:
    """The endpoint of a HyperPod cluster, by way of the EKS cluster that orchestrates it."""
    with domain_errors("sagemaker:DescribeCluster", cluster):
        described = sagemaker.describe_cluster(ClusterName=cluster)
    orchestrator = described.get("Orchestrator", {}).get("Eks")
    if orchestrator is None:
        raise RequestRefused(f"cluster = {cluster!r}: it is not orchestrated by EKS")
    cluster_id = described["ClusterArn"].rpartition("/")[2]
    return control_plane_endpoint(
        orchestrator["ClusterArn"].rpartition("/")[2],
        eks=eks,
        log_group=f"/aws/sagemaker/Clusters/{cluster}/{cluster_id}",
    )


def control_plane_endpoint(eks_name: str, *, eks: EksClient, log_group: str = "") -> Endpoint:
    """The endpoint of an EKS cluster, by its own name."""
    with domain_errors("eks:DescribeCluster", eks_name):
        control_plane = eks.describe_cluster(name=eks_name)["cluster"]
    return Endpoint(
        url=control_plane["endpoint"],
        ca=base64.b64decode(control_plane["certificateAuthority"]["data"]).decode(),
        eks_name=eks_name,
        log_group=log_group,
    )
