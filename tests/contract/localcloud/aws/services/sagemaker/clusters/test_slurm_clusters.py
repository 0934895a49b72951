"""HyperPod clusters on Slurm: records until Slurm is switched on, and then the real thing with its agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.common.home import Home
from localcloud.common.processes import command_of
from localcloud.slurm.processes import kill, processes
from localcloud.slurm.setting import SlurmSetting
from tests.fixtures.embedded_cloud.account import BUCKET, Account, policy, until
from tests.fixtures.slurm.installed import installed_slurm

PREFIX = "lifecycle/slurm/"
# What a cluster publishes as its agent: this one says in the shared folder who it is.
AGENT = """
import json, os, pathlib, signal, sys, boto3
configuration = json.loads(pathlib.Path(sys.argv[2]).read_text())
who = boto3.client("sts").get_caller_identity()["Arn"]
there = pathlib.Path(configuration["shared_folder"]) / f"agent-{os.getpid()}"
there.with_suffix(".new").write_text(json.dumps({**configuration, "who": who}))
there.with_suffix(".new").rename(there)
signal.pause()
"""


@dataclass(frozen=True)
class Cluster:
    """The cluster's folder in the home, and what is called from outside."""

    sagemaker: Any
    folder: Path

    @property
    def configuration(self) -> Path:
        """slurm.conf, by the path that its processes know."""
        (agent,) = self.agents()
        variables = Path(f"/proc/{agent}/environ").read_bytes().decode().split("\0")
        return Path(next(line for line in variables if line.startswith("SLURM_CONF=")).partition("=")[2])

    def agents(self) -> list[int]:
        """Processes that run the agent, once there are any."""
        return until(lambda: [int(file.name.partition("-")[2]) for file in self._written() if _lives(file)])

    def said(self, agent: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "shared" / f"agent-{agent}").read_text())
        return found

    def states(self) -> dict[str, str]:
        """Slurm's word for each node, asked as anyone with SLURM_CONF asks."""
        listed = subprocess.run(
            [installed_slurm().program("sinfo"), "--noheader", "--Node", "--format=%N %T"],
            env={"SLURM_CONF": str(self.configuration)},
            check=True,
            capture_output=True,
            text=True,
        )
        return dict(line.split() for line in set(listed.stdout.splitlines()))

    def _written(self) -> list[Path]:
        return list((self.folder / "shared").glob("agent-*[0-9]"))


def _lives(file: Path) -> bool:
    return "agent.json" in command_of(int(file.name.partition("-")[2]))


def request(role: str, compute: int) -> dict[str, Any]:
    def group(name: str, count: int, slurm: dict[str, Any]) -> dict[str, Any]:
        return {
            "InstanceGroupName": name,
            "InstanceCount": count,
            "InstanceType": "ml.g5.12xlarge" if name == "training" else "ml.m5.xlarge",
            "ExecutionRole": role,
            "LifeCycleConfig": {"SourceS3Uri": f"s3://{BUCKET}/{PREFIX}", "OnCreate": "on_create.sh"},
            "SlurmConfig": slurm,
        }

    return {
        "ClusterName": "on-slurm",
        "InstanceGroups": [
            group("controller", 1, {"NodeType": "Controller"}),
            group("training", compute, {"NodeType": "Compute", "PartitionNames": ["compute"]}),
        ],
    }


@pytest.fixture(scope="module")
def role(account: Account) -> str:
    return account.role("sagemaker", policy((["s3:*"], "*")))


@pytest.fixture(scope="module")
def cluster(account: Account, home: Home, role: str) -> Iterator[Cluster]:
    """A cluster that was made without Slurm, which is then switched on."""
    installed_slurm()
    s3, sagemaker = account.client("s3"), account.client("sagemaker")
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}on_create.sh", Body=b"#!/bin/bash")
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}agent/__main__.py", Body=AGENT.encode())
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}agent.json", Body=json.dumps({"shared_folder": "/fsx"}))
    orchestrator = {"Slurm": {"SlurmConfigStrategy": "Managed"}}
    arn = sagemaker.create_cluster(**request(role, 2), Orchestrator=orchestrator)["ClusterArn"]
    wait_until_in_service(sagemaker)
    assert SlurmSetting(home).reported() == {}
    SlurmSetting(home).enable()
    yield Cluster(sagemaker, home.slurm / arn.rpartition("/")[2])
    (home.slurm / "on").unlink()


def wait_until_in_service(sagemaker: Any) -> None:
    def look() -> dict[str, Any] | None:
        seen: dict[str, Any] = sagemaker.describe_cluster(ClusterName="on-slurm")
        return None if seen["ClusterStatus"] in ("Creating", "Updating") else seen

    seen = until(look)
    assert seen["ClusterStatus"] == "InService", seen.get("FailureMessage")


def test_a_cluster_gets_its_nodes_and_its_agent_when_slurm_is_switched_on(
    cluster: Cluster, home: Home, role: str
) -> None:
    (agent,) = cluster.agents()

    assert until(lambda: SlurmSetting(home).reported()) == {"on-slurm": "2 nodes, an agent"}
    assert sorted(cluster.states().values()) == ["idle", "idle"]
    assert all(name.startswith("ip-") for name in cluster.states())
    said = cluster.said(agent)
    assert role.rpartition("/")[2] in said["who"]
    assert (said["mounted_at"], said["shared_folder"]) == ("/fsx", str(cluster.folder / "shared"))


def test_an_agent_that_is_killed_is_started_again(cluster: Cluster) -> None:
    (before,) = cluster.agents()

    os.kill(before, signal.SIGKILL)

    assert until(lambda: [agent for agent in cluster.agents() if agent != before])


def test_a_node_that_is_lost_is_replaced(cluster: Cluster) -> None:
    node = min(cluster.states())
    before = set(processes(cluster.configuration, node))

    kill(cluster.configuration, node)

    until(lambda: set(processes(cluster.configuration, node)) - before)
    until(lambda: cluster.states()[node] == "idle")


def test_a_cluster_that_grows_has_more_nodes_and_the_same_agent(cluster: Cluster, role: str) -> None:
    """Slow (5 s): Slurm learns of nodes by a restart of its controller."""
    before, agents = cluster.states(), cluster.agents()

    cluster.sagemaker.update_cluster(**request(role, 3))

    wait_until_in_service(cluster.sagemaker)
    assert len(cluster.states()) == 3
    assert before.keys() < cluster.states().keys()
    assert cluster.agents() == agents


def test_nothing_is_left_of_a_cluster_that_is_deleted(cluster: Cluster) -> None:
    configuration = cluster.configuration

    cluster.sagemaker.delete_cluster(ClusterName="on-slurm")

    until(lambda: not cluster.folder.exists())
    assert processes(configuration) == []
