"""EKS tokens as botocore presigns them: whose they are, and which are refused."""

from __future__ import annotations

import datetime as dt

import boto3
import pytest

from localcloud.kubernetes.api.access import EVERYWHERE, AccessEntry, PolicyAssociation, User
from localcloud.kubernetes.api.authentication import AccessKey, IamTokens
from tests.fixtures.kubernetes.eks_token import presigned

CLUSTER = "the-cluster"
REGION = "us-east-1"
HOST = f"sts.{REGION}.amazonaws.com"
ROLE = "arn:aws:iam::000000000000:role/teams/submitter"
SESSION = "arn:aws:sts::000000000000:assumed-role/submitter/function"
SECRET, SESSION_TOKEN = "signs", "accompanies"
KEYS = {
    "ASIAROLE": AccessKey(SECRET, SESSION_TOKEN, SESSION, "AROA:function"),
    "AKIAUSER": AccessKey(SECRET, None, "arn:aws:iam::000000000000:user/ann", "AIDA"),
}


def find_key(access_key_id: str, session_token: str | None) -> AccessKey | None:
    key = KEYS.get(access_key_id)
    return key if key is not None and key.session_token == session_token else None


def tokens(*entries: AccessEntry, now: dt.datetime | None = None) -> IamTokens:
    clock = (lambda: now) if now else (lambda: dt.datetime.now(dt.UTC))
    return IamTokens(CLUSTER, find_key, lambda: entries, lambda _: [HOST], clock)


def token(
    access_key_id: str = "ASIAROLE",
    secret: str = SECRET,
    session_token: str | None = SESSION_TOKEN,
    *,
    cluster: str = CLUSTER,
    host: str = HOST,
    action: str = "GetCallerIdentity",
) -> str:
    session = boto3.Session(access_key_id, secret, session_token, region_name=REGION)
    return presigned(session, cluster, host=host, region=REGION, action=action)


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_session_of_a_role_is_the_user_of_the_role_s_access_entry() -> None:
    user = tokens(AccessEntry(ROLE, groups=("hp-jobs",))).authenticate(token())

    assert user == User(SESSION, frozenset({"hp-jobs", "system:authenticated"}), "AROA:function")


def test_an_entry_s_own_user_name_may_hold_the_session_s() -> None:
    user = tokens(AccessEntry(ROLE, "pipeline:{{SessionName}}")).authenticate(token())

    assert user is not None
    assert user.name == "pipeline:function"


def test_an_iam_user_is_known_by_its_own_entry() -> None:
    entry = AccessEntry("arn:aws:iam::000000000000:user/ann")

    user = tokens(entry).authenticate(token("AKIAUSER", session_token=None))

    assert user is not None
    assert user.name == "arn:aws:iam::000000000000:user/ann"


@pytest.mark.parametrize(("namespaces", "administers"), [((), {EVERYWHERE}), (("kubeflow",), {"kubeflow"})])
def test_the_cluster_admin_policy_holds_where_it_is_associated(
    namespaces: tuple[str, ...], administers: set[str]
) -> None:
    arn = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    entry = AccessEntry(ROLE, policies=(PolicyAssociation(arn, namespaces),))

    user = tokens(entry).authenticate(token())

    assert user is not None
    assert user.administers == administers


def test_a_caller_without_an_access_entry_is_nobody() -> None:
    assert tokens(AccessEntry("arn:aws:iam::000000000000:role/other")).authenticate(token()) is None


@pytest.mark.parametrize(
    "forged",
    [
        token(cluster="another-cluster"),
        token(secret="guessed"),
        token(session_token="stolen"),
        token("ASIANOBODY"),
        token(host="sts.example.com"),
        token(action="AssumeRole"),
        token()[:-8],
        token().removeprefix("k8s-aws-v1."),
        "k8s-aws-v1.",
        "k8s-aws-v1.bm9uc2Vuc2U",
    ],
    ids=[
        "another cluster's",
        "wrong secret",
        "wrong session token",
        "unknown key",
        "another host",
        "another action",
        "cut short",
        "no prefix",
        "empty",
        "nonsense",
    ],
)
def test_what_is_not_this_cluster_s_own_signed_request_is_refused(forged: str) -> None:
    assert tokens(AccessEntry(ROLE)).authenticate(forged) is None


@pytest.mark.parametrize(
    ("minutes", "accepted"), [(0, True), (14, True), (16, False), (-4, True), (-6, False)]
)
def test_a_token_lives_a_quarter_of_an_hour(minutes: int, accepted: bool) -> None:
    later = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)

    user = tokens(AccessEntry(ROLE), now=later).authenticate(token())

    assert (user is not None) is accepted
