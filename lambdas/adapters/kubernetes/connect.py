"""Connections to clusters in the name of a session's IAM role; no request is sent before the first call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3

from lambdas.adapters.kubernetes.client import KubernetesClient
from lambdas.adapters.kubernetes.connection import KubernetesConnection
from lambdas.adapters.kubernetes.endpoint import (
    EksClient,
    Endpoint,
    control_plane_endpoint,
    endpoint_of,
)
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
    """A client of one namespace; `cluster` is HyperPod's name."""
    return KubernetesClient(
        namespace=namespace,
        endpoint=lambda: endpoint_of(cluster, sagemaker=sagemaker, eks=eks),
        token=_tokens(session, now),
    )


def control_plane(
    eks_name: str, *, session: boto3.Session, eks: EksClient, now: Callable[[], float]
) -> KubernetesConnection:
    """A connection to an EKS cluster, whether HyperPod has put nodes under it or not."""
    return KubernetesConnection(
        endpoint=lambda: control_plane_endpoint(eks_name, eks=eks), token=_tokens(session, now)
    )


def _tokens(session: boto3.Session, now: Callable[[], float]) -> Callable[[Endpoint], EksToken]:
    credentials = session.get_credentials()
    assert credentials is not None, "whoever speaks to a cluster has a role"
    region = session.region_name
    return lambda endpoint: EksToken(
        cluster=endpoint.eks_name,
        region=region,
        sts_url=f"https://sts.{region}.amazonaws.com",
        credentials=credentials,
        now=now,
    )
