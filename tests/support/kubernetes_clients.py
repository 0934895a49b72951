"""Clients of the Kubernetes API that stores."""

from __future__ import annotations

from collections.abc import Callable

from botocore.credentials import Credentials

from lambdas.adapters.kubernetes.client import KubernetesClient
from lambdas.adapters.kubernetes.connection import retries
from lambdas.adapters.kubernetes.endpoint import Endpoint
from lambdas.adapters.kubernetes.token import EksToken
from tests.support.cluster_jobs import NAMESPACE, NOON
from tests.support.kubernetes_api import FakeKubernetes, pool_to

ENDPOINT = Endpoint(
    url="https://A1B2.gr7.us-east-1.eks.amazonaws.com",
    ca="",
    eks_name="nova-eks",
    log_group="/aws/sagemaker/Clusters/nova/abc123",
)
CREDENTIALS = Credentials("AKIDEXAMPLE", "secret", "session-token")


def a_token(now: Callable[[], float] = lambda: NOON) -> EksToken:
    """A token of the role whose credentials these are."""
    return EksToken(
        cluster=ENDPOINT.eks_name,
        region="us-east-1",
        sts_url="https://sts.us-east-1.amazonaws.com",
        credentials=CREDENTIALS,
        now=now,
    )


def client_of(api: FakeKubernetes, *, now: Callable[[], float] = lambda: NOON) -> KubernetesClient:
    """A client whose connections lead to the fake; it does not wait between attempts."""
    token = a_token(now)
    return KubernetesClient(
        namespace=NAMESPACE,
        endpoint=lambda: ENDPOINT,
        token=lambda _: token,
        pool=lambda _: pool_to(api),
        retry=retries(backoff_factor=0),
    )
