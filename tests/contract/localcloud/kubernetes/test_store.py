"""A cluster that is stopped, or dies, and comes back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.common.home import Home
from tests.contract.localcloud.kubernetes.kubelet.test_pod import is_alive
from tests.fixtures.kubernetes.clients import NAMESPACE, Api, Server, until
from tests.fixtures.kubernetes.manifests import container, pod, pytorch_job
from tests.fixtures.kubernetes.users import ADMINISTRATOR


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(Home(tmp_path))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    made = Api(server, ADMINISTRATOR)
    yield made
    made.close()


@pytest.mark.parametrize(("number", "reason"), [(signal.SIGTERM, "Terminated"), (signal.SIGKILL, "NodeLost")])
def test_objects_stay_and_pods_that_ran_have_failed(
    server: Server, api: Api, number: signal.Signals, reason: str
) -> None:
    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "kept"}, "data": {"a": "b"}})
    api.core.create_namespaced_pod(NAMESPACE, pod("ran", "sh", "-c", "echo begun; sleep 600"))
    api.create_job(pytorch_job("job", container("sleep", "600"), workers=0))
    for name in ("ran", "job-master-0"):
        api.running(name)
    until(lambda: api.log("ran"))
    left = api.process_of("ran")

    server.stop(number)
    server.start()

    assert api.core.read_namespaced_config_map("kept", NAMESPACE).data == {"a": "b"}
    status = (api.pod("ran") or {})["status"]
    assert (status["phase"], status["reason"]) == ("Failed", reason)
    assert "embedded cloud" in status["message"]
    assert api.log("ran") == "begun\n"
    assert not is_alive(left)
    assert api.condition("job", "Failed")["reason"] == "PyTorchJobFailed"


def test_revisions_go_on_and_an_old_watch_is_told_that_it_expired(server: Server, api: Api) -> None:
    before = api.core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "later"}})
    server.stop()
    server.start()

    after = api.core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    old = api.client.call_api(
        *api.client.param_serialize(
            "GET",
            f"/api/v1/namespaces/{NAMESPACE}/configmaps",
            query_params=[("watch", "true"), ("resourceVersion", before), ("timeoutSeconds", "1")],
            auth_settings=["BearerToken"],
        )
    )
    old.read()

    assert int(after) > int(before)
    assert b'"code": 410' in old.data


def test_a_pod_that_had_not_started_runs_after_the_restart(server: Server, api: Api) -> None:
    volumes = [{"name": "config", "configMap": {"name": "missing"}}]
    body = pod("waited", "true", volumes=volumes, nodeSelector={"later": "yes"})
    api.core.create_namespaced_pod(NAMESPACE, body)
    server.stop()
    server.start()
    api.core.patch_node("node-a", {"metadata": {"labels": {"later": "yes"}}})
    api.core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "missing"}})

    until(lambda: (api.pod("waited") or {})["status"]["phase"] == "Succeeded")
