"""The client of a cluster's Kubernetes API: its token, its endpoint, its patience and its errors."""

from __future__ import annotations

import base64
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import urllib3
from botocore.stub import Stubber

from atelier.errors import (
    AccessRefused,
    AtelierError,
    CapacityUnavailable,
    RequestRefused,
    ServiceUnavailable,
    Throttled,
)
from atelier.platforms.eks.resources import CONFIG_MAP, POD, PYTORCH_JOB
from lambdas.adapters.kubernetes.client import AlreadyThere
from lambdas.adapters.kubernetes.connection import pool_of
from lambdas.adapters.kubernetes.endpoint import Endpoint, endpoint_of
from localcloud import certificate
from tests.fixtures.cluster_jobs import NAME, NAMESPACE, a_job
from tests.fixtures.kubernetes_api import FakeKubernetes, broken, refusal
from tests.fixtures.kubernetes_clients import ENDPOINT, a_token, client_of

JOB = a_job().main
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@pytest.fixture
def api() -> FakeKubernetes:
    return FakeKubernetes()


def presigned(token: str) -> Any:
    encoded = token.removeprefix("k8s-aws-v1.")
    return urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())


def test_the_token_is_a_call_to_sts_signed_for_this_cluster_and_a_minute() -> None:
    token = a_token().value()
    assert token.startswith("k8s-aws-v1.")
    assert "=" not in token
    url = presigned(token)
    query = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert url.netloc == "sts.us-east-1.amazonaws.com"
    assert (query["Action"], query["Version"]) == ("GetCallerIdentity", "2011-06-15")
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert query["X-Amz-Expires"] == "60"
    assert query["X-Amz-Security-Token"] == "session-token"


def test_a_token_is_kept_until_shortly_before_it_is_too_old() -> None:
    clock = [0.0]
    token = a_token(lambda: clock[0])
    first = token.value()
    token._signed = lambda: "another"  # type: ignore[method-assign]
    clock[0] = 839
    assert token.value() == first
    clock[0] = 840
    assert token.value() == "another"


def test_the_endpoint_is_found_by_way_of_the_orchestrator_s_arn() -> None:
    options = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    sagemaker = boto3.client("sagemaker", **options)  # type: ignore[call-overload]
    eks = boto3.client("eks", **options)  # type: ignore[call-overload]
    described = {
        "ClusterArn": "arn:aws:sagemaker:us-east-1:111122223333:cluster/abc123",
        "ClusterStatus": "InService",
        "InstanceGroups": [],
        "Orchestrator": {"Eks": {"ClusterArn": "arn:aws:eks:us-east-1:111122223333:cluster/nova-eks"}},
    }
    cluster = {
        "endpoint": ENDPOINT.url,
        "certificateAuthority": {"data": base64.b64encode(b"the authority").decode()},
    }
    with Stubber(sagemaker) as first, Stubber(eks) as second:
        first.add_response("describe_cluster", described, {"ClusterName": "nova"})
        second.add_response("describe_cluster", {"cluster": cluster}, {"name": "nova-eks"})
        found = endpoint_of("nova", sagemaker=sagemaker, eks=eks)
    assert found == Endpoint(ENDPOINT.url, "the authority", "nova-eks", ENDPOINT.log_group)


def test_a_cluster_that_eks_does_not_orchestrate_is_refused() -> None:
    class Slurm:
        def describe_cluster(self, **_: str) -> dict[str, Any]:
            return {"ClusterArn": "arn:aws:sagemaker:us-east-1:1:cluster/abc"}

    with pytest.raises(RequestRefused, match="cluster = 'nova': it is not orchestrated by EKS"):
        endpoint_of("nova", sagemaker=Slurm(), eks=Slurm())  # type: ignore[arg-type]


def test_connections_trust_the_cluster_s_own_authority_and_no_other(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    certificate.ensure(authority, tmp_path / "key.pem")
    context = pool_of(replace(ENDPOINT, ca=authority.read_text())).connection_pool_kw["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    subjects = {
        dict(pair for pairs in each["subject"] for pair in pairs)["organizationName"]
        for each in context.get_ca_certs()
    }
    assert subjects == {"Atelier embedded cloud"}


def test_a_cluster_that_names_no_authority_is_not_trusted() -> None:
    with pytest.raises(ValueError, match="Empty certificate data"):
        pool_of(ENDPOINT)


def test_what_is_created_can_be_read_listed_and_deleted(api: FakeKubernetes) -> None:
    client = client_of(api)
    made = client.create(JOB)
    assert client.get(PYTORCH_JOB, NAME) == made
    (listed,) = client.find_all(PYTORCH_JOB, label_selector=f"atelier.job={NAME}")
    assert listed == made
    client.delete(PYTORCH_JOB, NAME, uid=made["metadata"]["uid"])
    assert client.get(PYTORCH_JOB, NAME) is None


def test_a_name_that_is_taken_is_said(api: FakeKubernetes) -> None:
    client = client_of(api)
    client.create(JOB)
    with pytest.raises(AlreadyThere):
        client.create(JOB)


def test_an_object_that_has_the_name_by_now_is_not_deleted(api: FakeKubernetes) -> None:
    client = client_of(api)
    client.create(JOB)
    client.delete(PYTORCH_JOB, NAME, uid="an earlier one's")
    assert client.get(PYTORCH_JOB, NAME) is not None


def test_a_list_is_read_to_its_last_page(api: FakeKubernetes) -> None:
    api.page = 2
    for number in range(5):
        api.put(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}})
    assert [pod["metadata"]["name"] for pod in client_of(api).find_all(POD)] == [f"pod-{n}" for n in range(5)]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_cluster_is_asked_again(api: FakeKubernetes, status: int) -> None:
    api.fail("POST", "pytorchjobs", refusal(status), refusal(status), refusal(status))
    client_of(api).create(JOB)
    assert api.kinds() == ["PyTorchJob"]


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "the reason", RequestRefused),
        (401, "Unauthorized", AccessRefused),
        (403, 'User "x" cannot create resource "pytorchjobs" in API group "kubeflow.org"', AccessRefused),
        (403, "pods is forbidden: exceeded quota: team", CapacityUnavailable),
        (404, "the server could not find the requested resource", RequestRefused),
        (422, "spec.replicas: Invalid value", RequestRefused),
        (429, "too many requests", Throttled),
        (500, "etcdserver: request timed out", ServiceUnavailable),
        (503, "the reason", ServiceUnavailable),
    ],
)
def test_a_refusal_names_the_verb_the_resource_and_the_reason(
    api: FakeKubernetes, status: int, message: str, error: type[AtelierError]
) -> None:
    api.fail("POST", "pytorchjobs", *[refusal(status, message)] * 4)
    with pytest.raises(error, match=f"create pytorchjobs on {NAME}") as refused:
        client_of(api).create(JOB)
    assert type(refused.value) is error
    assert message in str(refused.value)


def test_what_a_proxy_says_instead_of_the_api_is_told_too(api: FakeKubernetes) -> None:
    api.fail("POST", "pytorchjobs", lambda: (413, b"<html>too  large</html>"))
    with pytest.raises(RequestRefused, match="413: <html>too large</html>"):
        client_of(api).create(JOB)


def test_a_token_that_is_refused_once_is_made_anew(api: FakeKubernetes) -> None:
    api.fail("GET", NAME, refusal(401))
    assert client_of(api).get(PYTORCH_JOB, NAME) is None
    assert [method for method, _, _ in api.asked] == ["GET", "GET"]


def test_every_call_bears_the_token(api: FakeKubernetes) -> None:
    client_of(api).get(CONFIG_MAP, "x")
    assert api.asked[0][2]["Authorization"].startswith("Bearer k8s-aws-v1.")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset"),
        urllib3.exceptions.ReadTimeoutError(None, "", "read timed out"),  # type: ignore[arg-type]
    ],
)
def test_a_cluster_that_does_not_answer_is_unavailable_after_four_attempts(
    api: FakeKubernetes, error: Exception
) -> None:
    api.fail("GET", NAME, *[broken(error)] * 4)
    with pytest.raises(ServiceUnavailable, match=r"get pytorchjobs: https://A1B2.* cannot be reached"):
        client_of(api).get(PYTORCH_JOB, NAME)
    assert len(api.asked) == 4


def test_a_cluster_with_another_s_certificate_is_refused(api: FakeKubernetes) -> None:
    api.fail("GET", NAME, *[broken(ssl.SSLCertVerificationError("self-signed certificate"))] * 4)
    with pytest.raises(RequestRefused, match="does not prove that it is the cluster"):
        client_of(api).get(PYTORCH_JOB, NAME)


def test_the_log_of_a_container_that_has_not_begun_is_empty(api: FakeKubernetes) -> None:
    assert client_of(api).log("pod", "pytorch") == []
    api.logs["pod", "pytorch"] = "2026-11-23T12:00:00Z one\n2026-11-23T12:00:01Z two\n"
    assert client_of(api).log("pod", "pytorch") == ["2026-11-23T12:00:00Z one", "2026-11-23T12:00:01Z two"]


def test_a_client_connects_when_it_is_first_used() -> None:
    api = FakeKubernetes()
    client = client_of(api)
    assert client.endpoint is ENDPOINT
    assert api.asked == []
