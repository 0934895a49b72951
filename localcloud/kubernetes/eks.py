"""Amazon EKS's clusters: each that MiniStack has on record gets a Kubernetes API at its endpoint.

MiniStack would start k3s in Docker; without Docker its clusters are records. Ours start when they are made,
or first described after a restart, and know their users by MiniStack's access keys and access entries.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ministack.core import iam_evaluator, responses
from ministack.services import eks

from localcloud.common.home import Home
from localcloud.kubernetes.api.access import AccessEntry, PolicyAssociation
from localcloud.kubernetes.api.authentication import AccessKey, IamTokens
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.kubelet.images import Images
from localcloud.kubernetes.server import listen, serve

OK = 200


class Place(NamedTuple):
    """Which cluster: names are an account's own in a region."""

    account_id: str
    region: str
    name: str


@dataclass(frozen=True)
class _Running:
    cluster: Cluster
    port: int
    serving: Future[None]


class EksClusters:
    """The clusters that run; made in the event loop that serves them."""

    def __init__(self, home: Home, endpoint: str, images: Images) -> None:
        self._home = home
        self._endpoint = endpoint
        self._images = images
        self._loop = asyncio.get_running_loop()
        self._running: dict[Place, _Running] = {}
        self._joined: list[Callable[[Place, Cluster], None]] = []
        self._lock = threading.Lock()

    def install(self) -> None:
        """Put ourselves behind MiniStack's operations on clusters."""
        create, describe, delete = eks._create_cluster, eks._describe_cluster, eks._delete_cluster

        def create_cluster(body: dict[str, Any], *rest: Any, **named: Any) -> Any:
            response = create(body, *rest, **named)
            if response[0] == OK:
                self._ensure(_here(body["name"]))
            return response

        def describe_cluster(name: str) -> Any:
            self._ensure(_here(name))
            return describe(name)

        def delete_cluster(name: str) -> Any:
            response = delete(name)
            if response[0] == OK:
                self._end(_here(name))
            return response

        # The type of HyperPod's nodes is newer than MiniStack's list.
        eks._VALID_ACCESS_ENTRY_TYPES = (*eks._VALID_ACCESS_ENTRY_TYPES, "HYPERPOD_LINUX")
        eks._create_cluster, eks._describe_cluster = create_cluster, describe_cluster
        eks._delete_cluster = delete_cluster

    def find(self, place: Place) -> Cluster | None:
        """The cluster, for whoever adds nodes to it; None when there is none on record."""
        self._ensure(place)
        with self._lock:
            running = self._running.get(place)
        return None if running is None else running.cluster

    def before_start(self, join: Callable[[Place, Cluster], None]) -> None:
        """Be given each cluster before its pods run: after a restart, nodes have nothing to give them yet."""
        self._joined.append(join)

    def close(self) -> None:
        with self._lock:
            for running in self._running.values():
                running.cluster.close()
            self._running.clear()

    def _ensure(self, place: Place) -> None:
        """Start the cluster if it is on record and does not run, and write where it is into the record."""
        record = eks._clusters.get_scoped(*place)
        if record is None:
            return
        with self._lock:
            running = self._running.get(place) or self._start(place)
            self._running[place] = running
        record["endpoint"] = f"https://127.0.0.1:{running.port}"
        certificate = base64.b64encode(self._home.certificate.read_bytes()).decode()
        record["certificateAuthority"] = {"data": certificate}
        record["status"] = "ACTIVE"

    def _start(self, place: Place) -> _Running:
        folder = self._folder(place)
        authenticator = IamTokens(place.name, _find_key, lambda: _entries(place), self._hosts)

        def join(starting: Cluster) -> None:
            for each in self._joined:
                each(place, starting)

        cluster = Cluster(folder, self._images, authenticator, before_start=join)
        listener = _listen(folder / "port")
        port = int(listener.getsockname()[1])
        serving = serve(cluster.application, listener, self._home.certificate, self._home.private_key)
        return _Running(cluster, port, asyncio.run_coroutine_threadsafe(serving, self._loop))

    def _end(self, place: Place) -> None:
        with self._lock:
            running = self._running.pop(place, None)
        if running is not None:
            running.cluster.close()
            running.serving.cancel()
            shutil.rmtree(self._folder(place), ignore_errors=True)

    def _folder(self, place: Place) -> Path:
        return self._home.state / "kubernetes" / place.account_id / place.region / place.name

    def _hosts(self, region: str) -> list[str]:
        """STS's own address in a region, and the embedded cloud's, which clients are pointed to."""
        return [f"sts.{region}.amazonaws.com", self._endpoint.removeprefix("https://")]


def _here(name: str) -> Place:
    """The name in the account and region of the request that is being answered."""
    return Place(responses.get_account_id(), responses.get_region(), name)


def _find_key(access_key_id: str, session_token: str | None) -> AccessKey | None:
    account_id = iam_evaluator.find_iam_access_key_account(
        access_key_id
    ) or responses._account_from_sts_session(access_key_id)
    found = iam_evaluator.resolve_credential(access_key_id, account_id, session_token)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        return None
    return AccessKey(found.secret_access_key, session_token, found.principal_arn, found.principal_id)


def _entries(place: Place) -> Iterator[AccessEntry]:
    """The cluster's access entries with their policies, as they are now."""
    policies = list(eks._access_policy_associations(place.name, place.account_id, place.region))
    for (account_id, region, _), entry in eks._access_entries.all_items():
        if (account_id, region, entry["clusterName"]) != place:
            continue
        yield AccessEntry(
            entry["principalArn"],
            entry["username"],
            tuple(entry["kubernetesGroups"]),
            entry["type"],
            tuple(
                PolicyAssociation(policy_arn, tuple(association["accessScope"]["namespaces"]))
                for principal_arn, policy_arn, association in policies
                if principal_arn == entry["principalArn"]
            ),
        )


def _listen(note: Path) -> socket.socket:
    """On the port used last when it is free, else on another: kubeconfigs outlive a restart."""
    port = int(note.read_text()) if note.exists() else 0
    try:
        listener = listen(port)
    except OSError:
        listener = listen(0)
    note.write_text(str(listener.getsockname()[1]))
    return listener
