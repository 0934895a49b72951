"""EKS's clusters through boto3, and their Kubernetes API as the roles of access entries see it."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from localcloud import control
from localcloud.common.home import REGION, Home
from tests.fixtures.embedded_cloud.account import SCRIPTED, Account, policy
from tests.fixtures.kubernetes.eks_token import presigned

ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture(scope="module")
def cluster(account: Account) -> Iterator[dict[str, Any]]:
    eks = account.client("eks")
    name = account.fresh("cluster")
    role = account.role("eks", policy((["ec2:*"], "*")))
    eks.create_cluster(
        name=name, roleArn=role, resourcesVpcConfig={}, accessConfig={"authenticationMode": "API"}
    )
    yield eks.describe_cluster(name=name)["cluster"]
    eks.delete_cluster(name=name)


def session_of(account: Account, role_arn: str) -> boto3.Session:
    """A session of the role, as STS gives it."""
    got = account.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="function")["Credentials"]
    return account.cloud.session(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])


def token(session: boto3.Session, cluster_name: str) -> str:
    return presigned(session, cluster_name, host=f"sts.{REGION}.amazonaws.com", region=REGION)


def get(
    cluster: dict[str, Any],
    path: str,
    bearer: str,
    *,
    posted: dict[str, Any] | None = None,
    patch: dict[str, Any] | None = None,
) -> tuple[int, dict[str, Any]]:
    """The status and the document at a path, TLS verified with the certificate DescribeCluster gives.

    `posted` is a document to be made there, `patch` what to change of the one that is there.
    """
    pem = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
    context = ssl.create_default_context(cadata=pem)
    kind = "json" if patch is None else "merge-patch+json"
    request = urllib.request.Request(  # noqa: S310 - the endpoint is https, and ours
        cluster["endpoint"] + path,
        json.dumps(posted or patch).encode() if posted or patch else None,
        {"Authorization": f"Bearer {bearer}", "Content-Type": f"application/{kind}"},
        method="PATCH" if patch else None,
    )
    try:
        with urllib.request.urlopen(request, context=context) as response:  # noqa: S310
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())


def trusting(account: Account) -> str:
    """A role that the account's users may assume."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
    name = account.fresh("submitter")
    made = account.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])


def test_a_cluster_is_active_with_an_endpoint_and_its_certificate(cluster: dict[str, Any]) -> None:
    assert cluster["status"] == "ACTIVE"
    assert cluster["endpoint"].startswith("https://127.0.0.1:")
    assert get(cluster, "/version", "nobody")[0] == 401


def test_a_role_without_an_access_entry_is_nobody(account: Account, cluster: dict[str, Any]) -> None:
    session = session_of(account, trusting(account))

    assert get(cluster, "/version", token(session, cluster["name"]))[0] == 401


def test_an_access_entry_lets_its_role_in_with_no_more_than_its_groups_may(
    account: Account, cluster: dict[str, Any]
) -> None:
    role = trusting(account)
    account.client("eks").create_access_entry(
        clusterName=cluster["name"], principalArn=role, kubernetesGroups=["hp-jobs"]
    )
    bearer = token(session_of(account, role), cluster["name"])

    assert get(cluster, "/version", bearer)[0] == 200
    code, refusal = get(cluster, "/api/v1/nodes", bearer)
    assert code == 403
    assert "assumed-role/" + role.rpartition("/")[2] + "/function" in refusal["message"]


def test_the_cluster_admin_policy_makes_a_role_the_administrator(
    account: Account, cluster: dict[str, Any]
) -> None:
    role = trusting(account)
    eks = account.client("eks")
    eks.create_access_entry(clusterName=cluster["name"], principalArn=role)
    eks.associate_access_policy(
        clusterName=cluster["name"],
        principalArn=role,
        policyArn=ADMINISTRATOR,
        accessScope={"type": "cluster"},
    )
    bearer = token(session_of(account, role), cluster["name"])

    code, nodes = get(cluster, "/api/v1/nodes", bearer)
    assert (code, nodes["kind"], nodes["items"]) == (200, "NodeList", [])


def test_a_token_may_be_signed_for_the_embedded_sts_itself(account: Account, cluster: dict[str, Any]) -> None:
    role = trusting(account)
    account.client("eks").create_access_entry(clusterName=cluster["name"], principalArn=role)
    host = account.cloud.endpoint_url.removeprefix("https://")

    bearer = presigned(session_of(account, role), cluster["name"], host=host, region=REGION)

    assert get(cluster, "/version", bearer)[0] == 200


def test_a_deleted_cluster_answers_no_more(account: Account) -> None:
    eks = account.client("eks")
    name = account.fresh("short-lived")
    eks.create_cluster(
        name=name, roleArn=account.role("eks", policy((["ec2:*"], "*"))), resourcesVpcConfig={}
    )
    described = eks.describe_cluster(name=name)["cluster"]

    eks.delete_cluster(name=name)

    with pytest.raises(OSError):
        get(described, "/version", "nobody")


def test_a_cluster_and_its_objects_are_there_after_a_restart(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        with closing(Account(control.up(home, **SCRIPTED))) as before:
            role = before.role("eks", policy((["ec2:*"], "*")))
            before.client("eks").create_cluster(name="kept", roleArn=role, resourcesVpcConfig={})
            described = before.client("eks").describe_cluster(name="kept")["cluster"]
            bearer = token(before.cloud.session(), "kept")
            made = get(described, "/api/v1/namespaces/kubeflow", bearer)[1]["metadata"]["uid"]
        control.down(home)
        with closing(Account(control.up(home, **SCRIPTED))) as after:
            again = after.client("eks").describe_cluster(name="kept")["cluster"]
            kept = get(again, "/api/v1/namespaces/kubeflow", bearer)[1]["metadata"]["uid"]
    finally:
        control.down(home)

    assert again["endpoint"] == described["endpoint"]
    assert kept == made
