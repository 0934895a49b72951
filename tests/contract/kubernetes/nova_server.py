"""A cluster with one restricted node, on which the images of Nova run a script that obeys its recipe.

Run as `python -m tests.contract.kubernetes.nova_server --home DIR --port N` by the embedded cloud's Python.
Who submits comes with a token of IAM, as the role that the access entry lets in.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import signal
import sys
from pathlib import Path

from atelier.training.kubernetes.resources import role_rules
from localcloud import certificate
from localcloud.home import Home
from localcloud.kubernetes import resources
from localcloud.kubernetes.api.access import AccessEntry
from localcloud.kubernetes.api.authentication import AccessKey, IamTokens
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.kubelet.images import KnownImages, Program
from localcloud.kubernetes.kubelet.pod import Timing
from localcloud.kubernetes.server import serve
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

SCRIPT = (sys.executable, "-m", "tests.contract.kubernetes.nova_trainer")
IMAGES = {
    f"{REGISTRY}/init-container-repo:latest": Program(entrypoint=("true",)),
    f"{REGISTRY}/nova-fine-tune-repo:SM-HP-SFT-latest": Program(entrypoint=SCRIPT),
}
LABELS = {
    "node.kubernetes.io/instance-type": "ml.g5.12xlarge",
    "sagemaker.amazonaws.com/instance-group-type": "Restricted",
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


async def run(home: Home, port: int) -> None:
    """Serve until SIGTERM."""
    timing = Timing(first_back_off=0.2, longest_back_off=1.0)
    cluster = Cluster(home.state / "kubernetes", KnownImages(IMAGES), authenticator(), timing)
    allocatable = {
        "cpu": "48",
        "memory": "192Gi",
        "nvidia.com/gpu": "4",
        "vpc.amazonaws.com/efa": "1",
        "pods": "20",
    }
    cluster.set_node("restricted", LABELS, allocatable, (TAINT,))
    let_in(cluster)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    serving = asyncio.create_task(serve(cluster.application, port, home.certificate, home.private_key))
    await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    await asyncio.to_thread(cluster.close)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    home = Home(arguments.home)
    certificate.ensure(home.certificate, home.private_key)
    asyncio.run(run(home, arguments.port))


if __name__ == "__main__":
    main()
