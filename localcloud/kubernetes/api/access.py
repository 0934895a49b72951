"""Access entries: which Kubernetes user an IAM principal is.

Source: docs.aws.amazon.com/eks/latest/userguide/{creating-access-entries,access-policies}.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

CLUSTER_ADMIN_POLICY = "AmazonEKSClusterAdminPolicy"
EVERYWHERE = "*"
_ASSUMED_ROLE = re.compile(
    r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/(?P<session>.+)"
)
_NODE_TYPES = frozenset(
    {"EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYPERPOD_LINUX", "EC2", "HYBRID_LINUX"}
)


@dataclass(frozen=True)
class User:
    """Who asks. `administers` holds the namespaces an access policy gives in full, or EVERYWHERE."""

    name: str
    groups: frozenset[str] = frozenset()
    uid: str = ""
    administers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PolicyAssociation:
    """An EKS access policy and where it holds: in these namespaces, or everywhere when there are none.

    Only AmazonEKSClusterAdminPolicy grants anything here.
    """

    policy_arn: str
    namespaces: tuple[str, ...] = ()

    def administers(self) -> frozenset[str]:
        if not self.policy_arn.endswith(f"/{CLUSTER_ADMIN_POLICY}"):
            return frozenset()
        return frozenset(self.namespaces or (EVERYWHERE,))


@dataclass(frozen=True)
class AccessEntry:
    """One access entry of a cluster; `username` is "" for EKS's default."""

    principal_arn: str
    username: str = ""
    groups: tuple[str, ...] = ()
    type: str = "STANDARD"
    policies: tuple[PolicyAssociation, ...] = field(default=())


def user_of(caller_arn: str, caller_id: str, entries: Iterable[AccessEntry]) -> User | None:
    """The user that a caller of STS is in this cluster; None without an entry.

    A session of a role is known by its role, whose path its ARN does not tell.
    """
    assumed = _ASSUMED_ROLE.fullmatch(caller_arn)
    entry = next((each for each in entries if _is_for(each.principal_arn, caller_arn, assumed)), None)
    if entry is None:
        return None
    groups = {*entry.groups, "system:authenticated"}
    if entry.type in _NODE_TYPES:
        groups |= {"system:nodes", "system:bootstrappers"}
    session = assumed["session"] if assumed else ""
    return User(
        name=(entry.username or caller_arn).replace("{{SessionName}}", session),
        groups=frozenset(groups),
        uid=caller_id,
        administers=frozenset().union(*(policy.administers() for policy in entry.policies)),
    )


def _is_for(principal_arn: str, caller_arn: str, assumed: re.Match[str] | None) -> bool:
    if assumed is None:
        return principal_arn == caller_arn
    prefix = f"arn:{assumed['partition']}:iam::{assumed['account']}:role/"
    return principal_arn.startswith(prefix) and principal_arn.rpartition("/")[2] == assumed["role"]
