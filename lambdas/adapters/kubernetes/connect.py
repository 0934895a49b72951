"""A client of a cluster's namespace, in the name of the IAM role of a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from lambdas.adapters.kubernetes.client import KubernetesClient
from lambdas.adapters.kubernetes.endpoint import EksClient, endpoint_of
from lambdas.adapters.kubernetes.token import EksToken

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


def namespace_client(
    cluster: str,
    namespace: str,
    *,
    session: boto3.Session,
    sagemaker: SageMakerClient,
    eks: EksClient,
    now: Callable[[], float],
) -> KubernetesClient:
    """The client; `cluster` is HyperPod's name. Nothing is asked of anyone before its first call."""
    credentials = session.get_credentials()
    assert credentials is not None, "whoever speaks to a cluster has a role"
    region = session.region_name
    return KubernetesClient(
        namespace=namespace,
        endpoint=lambda: endpoint_of(cluster, sagemaker=sagemaker, eks=eks),
        token=lambda endpoint: EksToken(
            cluster=endpoint.eks_name,
            region=region,
            sts_url=f"https://sts.{region}.amazonaws.com",
            credentials=credentials,
            now=now,
        ),
    )
