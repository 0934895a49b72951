"""Nodes as whoever adds them sees them: what they give to pods, what they are told, and how they are lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.kubernetes import resources
from localcloud.kubernetes.cluster import Cluster
from localcloud.kubernetes.kubelet.environment import NotConfigured
from localcloud.kubernetes.kubelet.images import Program
from localcloud.kubernetes.objects import Key
from tests.fixtures.kubernetes.fakes import KnownImages, StaticTokens
from tests.fixtures.kubernetes.manifests import pod

NODE = "hyperpod-i-0123"
PATIENCE_SECONDS = 20.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path, KnownImages({"python": Program()}), StaticTokens({}))
    yield made
    made.close()


def ended(cluster: Cluster, name: str) -> dict[str, Any]:
    """The pod's status when it runs no more."""
    until(lambda: status(cluster, name)["phase"] in ("Succeeded", "Failed"))
    return status(cluster, name)


def status(cluster: Cluster, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.verbs.get(Key(resources.PODS, "default", name))["status"]
    return found


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing within {PATIENCE_SECONDS:.0f} s")


def run(cluster: Cluster, name: str, script: str) -> None:
    cluster.verbs.create(resources.PODS, "default", pod(name, "sh", "-c", script))


def test_a_pod_has_what_its_node_gives_it_anew_each_time_and_its_lines_are_passed_on(
    cluster: Cluster,
) -> None:
    sessions = iter(("first", "second"))
    lines: list[tuple[str, str]] = []
    cluster.set_node(
        NODE,
        {},
        {"cpu": "8"},
        environ=lambda: {"AWS_SESSION_TOKEN": next(sessions)},
        output=lambda name, line: lines.append((name, line)),
    )

    for name in ("a", "b"):
        run(cluster, name, "echo $AWS_SESSION_TOKEN; echo end")
        assert ended(cluster, name)["phase"] == "Succeeded"

    assert lines == [("a", "first"), ("a", "end"), ("b", "second"), ("b", "end")]


def test_a_container_s_own_variables_win_over_the_node_s(cluster: Cluster) -> None:
    lines: list[str] = []
    cluster.set_node(
        NODE, {}, {"cpu": "8"}, environ=lambda: {"REGION": "node"}, output=lambda _, line: lines.append(line)
    )
    document = pod("own", "sh", "-c", "echo $REGION")
    document["spec"]["containers"][0]["env"] = [{"name": "REGION", "value": "container"}]

    cluster.verbs.create(resources.PODS, "default", document)

    assert ended(cluster, "own")["phase"] == "Succeeded"
    assert lines == ["container"]


def test_a_pod_on_a_node_that_can_give_nothing_fails_and_says_why(cluster: Cluster) -> None:
    def refuse() -> dict[str, str]:
        raise NotConfigured("the role does not trust sagemaker.amazonaws.com")

    cluster.set_node(NODE, {}, {"cpu": "8"}, environ=refuse)

    run(cluster, "poor", "echo never")

    (container,) = ended(cluster, "poor")["containerStatuses"]
    assert container["state"]["terminated"]["message"] == "the role does not trust sagemaker.amazonaws.com"


def test_a_node_that_goes_takes_its_pods_with_it_and_the_next_pod_waits(cluster: Cluster) -> None:
    cluster.set_node(NODE, {}, {"cpu": "8"})
    run(cluster, "lost", "sleep 600")
    until(lambda: status(cluster, "lost")["phase"] == "Running")

    cluster.remove_node(NODE)

    lost = ended(cluster, "lost")
    assert (lost["phase"], lost["reason"]) == ("Failed", "NodeLost")
    assert cluster.node_names() == []
    run(cluster, "next", "true")
    waiting = until(lambda: status(cluster, "next").get("conditions"))
    assert waiting[0]["reason"] == "Unschedulable"


def test_nodes_of_before_can_be_put_right_before_anything_runs_on_them(tmp_path: Path) -> None:
    tokens, images = StaticTokens({}), KnownImages({"python": Program()})
    before = Cluster(tmp_path, images, tokens)
    run(before, "waits", "echo $WHO")
    until(lambda: status(before, "waits").get("conditions"))
    before.close()
    lines: list[str] = []

    after = Cluster(
        tmp_path,
        images,
        tokens,
        before_start=lambda starting: starting.set_node(
            NODE, {}, {"cpu": "8"}, environ=lambda: {"WHO": "me"}, output=lambda _, line: lines.append(line)
        ),
    )

    try:
        assert ended(after, "waits")["phase"] == "Succeeded"
        assert lines == ["me"]
    finally:
        after.close()
