"""A cluster on its own for these tests: users by token, images that run this machine's Python and shell.

Run as `python -m tests.contract.kubernetes.server --home DIR --port N` by the embedded cloud's interpreter.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from localcloud import certificate
from localcloud.common.home import Home, project_python
from localcloud.kubernetes.api.access import EVERYWHERE, User
from localcloud.kubernetes.api.authentication import StaticTokens
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.kubelet.images import KnownImages, Program
from localcloud.kubernetes.kubelet.pod import Timing
from localcloud.kubernetes.server import serve
from tests.contract.kubernetes.users import ADMINISTRATOR, SUBMITTER

IMAGES = {
    "python": Program(search_path=(project_python().parent,)),
    "trainer": Program(entrypoint=(sys.executable, "-m", "tests.contract.kubernetes.trainer")),
}
USERS = {
    ADMINISTRATOR: User("admin", administers=frozenset({EVERYWHERE})),
    SUBMITTER: User("submitter", groups=frozenset({"hp-jobs", "system:authenticated"})),
}
NODES = {"node-a": "ml.g5.8xlarge", "node-b": "ml.g5.8xlarge"}


TIMING = Timing(first_back_off=0.2, longest_back_off=1.0)


def a_cluster(folder: Path) -> Cluster:
    """The cluster of most tests."""
    cluster = Cluster(folder, KnownImages(IMAGES), StaticTokens(USERS), TIMING)
    for name, instance_type in NODES.items():
        cluster.set_node(
            name,
            {"node.kubernetes.io/instance-type": instance_type},
            {"cpu": "8", "memory": "32Gi", "nvidia.com/gpu": "1", "pods": "20"},
        )
    return cluster


async def run(make: Callable[[Path], Cluster], home: Home, port: int) -> None:
    """Serve a cluster in the home until SIGTERM."""
    cluster = make(home.state / "kubernetes")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    serving = asyncio.create_task(serve(cluster.application, port, home.certificate, home.private_key))
    await asyncio.wait({serving, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    await asyncio.to_thread(cluster.close)
    # Hypercorn would wait for idle clients to close their connections.
    os._exit(0)


def main(make: Callable[[Path], Cluster] = a_cluster) -> None:
    logging.basicConfig(level=logging.INFO)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    home = Home(arguments.home)
    certificate.ensure(home.certificate, home.private_key)
    asyncio.run(run(make, home, arguments.port))


if __name__ == "__main__":
    main()
