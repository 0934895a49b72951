"""A cluster with restricted nodes, on which the images of Nova run a script that obeys its recipe.

Run as `python -m tests.contract.kubernetes.nova_server --home DIR --port N` by the embedded cloud's Python.
Who submits comes with a token of IAM, as the role that the access entry lets in.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from atelier.platforms.eks.resources import role_rules
from localcloud.kubernetes import resources
from localcloud.kubernetes.api.access import AccessEntry
from localcloud.kubernetes.api.authentication import AccessKey, IamTokens
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.kubelet.images import KnownImages, Program
from tests.contract.kubernetes.nova_account import (
    ACCESS_KEY_ID,
    EKS_NAME,
    GROUP,
    NAMESPACE,
    REGISTRY,
    ROLE_ARN,
    SECRET,
    SESSION,
    SESSION_TOKEN,
    STS_HOST,
)
from tests.contract.kubernetes.server import TIMING, main

SCRIPT = (sys.executable, "-m", "tests.contract.kubernetes.nova_trainer")
IMAGES = {
    f"{REGISTRY}/init-container-repo:latest": Program(entrypoint=("true",)),
    f"{REGISTRY}/nova-fine-tune-repo:SM-HP-SFT-latest": Program(entrypoint=SCRIPT),
    f"{REGISTRY}/nova-fine-tune-repo:SMHP-PPO-TRAIN-latest": Program(entrypoint=SCRIPT),
    f"{REGISTRY}/nova-fine-tune-repo:SMHP-PPO-TRT-latest": Program(entrypoint=SCRIPT),
}
TAINT = {"key": "sagemaker.amazonaws.com/RestrictedNode", "value": "Worker", "effect": "NoSchedule"}
RBAC = "rbac.authorization.k8s.io"


def authenticator() -> IamTokens:
    """The token of one role, which has an access entry with a group and no policy."""
    key = AccessKey(SECRET, SESSION_TOKEN, SESSION, "AROA:submitter")
    return IamTokens(
        EKS_NAME,
        lambda access_key_id, _: key if access_key_id == ACCESS_KEY_ID else None,
        lambda: [AccessEntry(ROLE_ARN, groups=(GROUP,))],
        lambda _: [STS_HOST],
        lambda: dt.datetime.now(dt.UTC),
    )


def let_in(cluster: Cluster) -> None:
    """The Role under which jobs are submitted, and nothing beside it."""
    role = {"metadata": {"name": GROUP}, "rules": role_rules()}
    binding = {
        "metadata": {"name": GROUP},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": GROUP},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": GROUP}],
    }
    cluster.verbs.create(resources.ROLES, NAMESPACE, role)
    cluster.verbs.create(resources.ROLE_BINDINGS, NAMESPACE, binding)


def nova_cluster(folder: Path) -> Cluster:
    """Nodes as restricted instance groups have them: one of a cheap type, and as many p5 as a PPO needs."""
    cluster = Cluster(folder, KnownImages(IMAGES), authenticator(), TIMING)
    cluster.set_node("g5", _labels("ml.g5.12xlarge"), _devices(gpus=4, efa=1), (TAINT,))
    for number in range(7):
        cluster.set_node(f"p5-{number}", _labels("ml.p5.48xlarge"), _devices(gpus=8, efa=32), (TAINT,))
    let_in(cluster)
    return cluster


def _labels(instance_type: str) -> dict[str, str]:
    return {
        "node.kubernetes.io/instance-type": instance_type,
        "sagemaker.amazonaws.com/instance-group-type": "Restricted",
    }


def _devices(*, gpus: int, efa: int) -> dict[str, str]:
    return {
        "cpu": "48",
        "memory": "192Gi",
        "nvidia.com/gpu": str(gpus),
        "vpc.amazonaws.com/efa": str(efa),
        "pods": "20",
    }


if __name__ == "__main__":
    main(nova_cluster)
