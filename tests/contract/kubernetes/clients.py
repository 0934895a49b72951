"""A running cluster as the tests use it: the official Python client, kubectl, and waiting for a condition."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from kubernetes import client as kubernetes_client

from localcloud.common.home import REPOSITORY, Home, cloud_python

T = TypeVar("T")
PATIENCE_SECONDS = 30.0
NAMESPACE = "kubeflow"


def until(look: Callable[[], T | None]) -> T:
    """What `look` returns once it returns something; the wait has a limit only so that a test can fail."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"nothing within {PATIENCE_SECONDS:.0f} s")


class Server:
    """The process of a cluster; it can be stopped and started again on the same folder and port."""

    def __init__(self, home: Home, module: str = "tests.contract.kubernetes.server") -> None:
        self.home = home
        self._module = module
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        home = str(self.home.root)
        self.home.root.mkdir(parents=True, exist_ok=True)
        with self.home.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(cloud_python()), "-m", self._module, "--home", home, "--port", str(self.port)],
                cwd=REPOSITORY,
                stdout=log,
                stderr=log,
            )
        until(self._answers)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_SECONDS)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.home.log.read_text()
        try:
            with socket.create_connection(("127.0.0.1", self.port)):
                return True
        except OSError:
            return False


class Api:
    """One user's ways into the cluster."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        configuration = kubernetes_client.Configuration()
        configuration.host = server.url
        configuration.ssl_ca_cert = str(server.home.certificate)
        configuration.api_key = {"authorization": f"Bearer {token}"}
        configuration.connection_pool_maxsize = 8
        # Any: its models say of every field that it may be missing, and take documents in their place untold.
        self.client: Any = kubernetes_client.ApiClient(configuration)
        self.core: Any = kubernetes_client.CoreV1Api(self.client)
        self.custom: Any = kubernetes_client.CustomObjectsApi(self.client)
        self.kubeconfig = self._write_kubeconfig(token)

    def close(self) -> None:
        self.client.close()

    def kubectl(self, *arguments: str, inputs: object = None) -> subprocess.CompletedProcess[str]:
        """Run the real kubectl; `given` is its standard input, as a document."""
        home = str(self.server.home.root)
        return subprocess.run(
            [str(Path(sys.executable).parent / "kubectl"), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=None if inputs is None else json.dumps(inputs),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
            env={"PATH": os.environ["PATH"], "HOME": home},
        )

    def pod(self, name: str) -> dict[str, Any] | None:
        """The pod's document; None when there is none."""
        found: list[dict[str, Any]] = self.documents("pods", field_selector=f"metadata.name={name}")
        return found[0] if found else None

    def documents(self, plural: str, **query: str) -> list[dict[str, Any]]:
        """The namespace's objects of a core kind as they come over the wire."""
        return self._list(f"/api/v1/namespaces/{NAMESPACE}/{plural}", query)

    def log(self, pod: str) -> str:
        """The pod's output; nothing before it has started."""
        done = self.kubectl("logs", pod)
        return done.stdout if done.returncode == 0 else ""

    def container_status(self, pod: str) -> dict[str, Any]:
        """The status of the pod's first container; empty before it has one."""
        statuses = ((self.pod(pod) or {}).get("status") or {}).get("containerStatuses") or [{}]
        first: dict[str, Any] = statuses[0]
        return first

    def running(self, pod: str, unlike: str = "") -> str:
        """The pod's uid once its process runs; `unlike` waits for another pod of the name than that one."""

        def look() -> str | None:
            found = self.pod(pod)
            uid = str(found["metadata"]["uid"]) if found else ""
            is_running = "running" in self.container_status(pod).get("state", {})
            return uid if is_running and uid not in ("", unlike) else None

        return until(look)

    def process_of(self, pod: str) -> int:
        """The process id of a running pod's container `pytorch`, from the note its worker keeps."""
        uid = (self.pod(pod) or {})["metadata"]["uid"]
        note = self.server.home.state / "kubernetes" / "pods" / uid / "pytorch.process"
        return int(json.loads(note.read_text())["pid"])

    def job(self, name: str, plural: str = "pytorchjobs") -> dict[str, Any]:
        group = "kubeflow.org" if plural == "pytorchjobs" else "sagemaker.amazonaws.com"
        found: dict[str, Any] = self.custom.get_namespaced_custom_object(group, "v1", NAMESPACE, plural, name)
        return found

    def create_job(self, body: dict[str, Any], plural: str = "pytorchjobs") -> dict[str, Any]:
        group = body["apiVersion"].partition("/")[0]
        made: dict[str, Any] = self.custom.create_namespaced_custom_object(
            group, "v1", NAMESPACE, plural, body
        )
        return made

    def condition(self, name: str, *kinds: str, plural: str = "pytorchjobs") -> dict[str, Any]:
        """The first of these conditions of a job to be true."""

        def look() -> dict[str, Any] | None:
            listed = (self.job(name, plural).get("status") or {}).get("conditions", [])
            true = [each for each in listed if each["status"] == "True" and each["type"] in kinds]
            return true[0] if true else None

        return until(look)

    def _list(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        names = {"label_selector": "labelSelector", "field_selector": "fieldSelector"}
        response = self.client.call_api(
            *self.client.param_serialize(
                "GET",
                path,
                query_params=[(names[name], value) for name, value in query.items()],
                auth_settings=["BearerToken"],
            )
        )
        response.read()
        items: list[dict[str, Any]] = json.loads(response.data)["items"]
        return items

    def _write_kubeconfig(self, token: str) -> Path:
        path = self.server.home.root / f"{token}.kubeconfig"
        cluster = {"server": self.server.url, "certificate-authority": str(self.server.home.certificate)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me", "namespace": NAMESPACE}}],
            "current-context": "it",
        }
        path.write_text(yaml.safe_dump(document))
        return path
