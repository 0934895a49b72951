"""Runs on a cluster of real Slurm: two nodes train together; jobs fail, are stopped, and lose a node.

Slow because every test drives a whole run, whose ranks take seconds to start; together about two minutes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from localcloud.common.home import Home
from localcloud.common.processes import command_of
from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.processes import CONFIGURATION, kill, processes
from tests.fixtures.deployed_pipeline import DeployedPipeline, eventually, example
from tests.fixtures.slurm.installed import installed_slurm

pytestmark = pytest.mark.system


@dataclass(frozen=True)
class Nodes:
    """The cluster's processes, seen from the machine that they all run on."""

    home: Home
    configuration: Path

    def agents(self) -> list[int]:
        """The agent's process, unless it has just been killed."""
        return [pid for pid in processes(self.configuration) if "-m agent" in command_of(pid)]

    def lose_last(self) -> None:
        """Take a node away under what runs there, and tell Slurm, as HyperPod's monitoring does."""
        listed = self._command("sinfo", "--noheader", "--Node", "--format=%N")
        node = max(listed.split())
        kill(self.configuration, node)
        self._command("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=instance lost")

    def snapshots(self, run_id: str) -> list[Path]:
        """What the job has saved on the shared file system to go on from."""
        return list(self.home.file_systems.glob(f"*/atelier/jobs/{run_id}-s0/.output.state/last.safetensors"))

    def _command(self, program: str, *words: str) -> str:
        command = [installed_slurm().program(program), *words]
        environ = {CONFIGURATION: str(self.configuration)}
        return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def nodes(slurm_home: Home) -> Nodes:
    """The line's cluster."""
    (folder,) = (path.parent for path in slurm_home.slurm.glob("*/controller"))
    return Nodes(slurm_home, SlurmCluster(folder, installed_slurm()).configuration)


def short(name: str, **hyperparameters: Any) -> dict[str, Any]:
    """A run of one stage on two nodes, over in seconds, that nobody evaluates."""
    document = example("sft-hyperpod-slurm")
    stage = document["stages"][0]
    stage["train"] = stage.pop("validation")
    stage["hyperparameters"] |= {"max_epochs": 1, **hyperparameters}
    return {"name": name, "base_model": document["base_model"], "stages": [stage]}


def status(deployed: DeployedPipeline, run_id: str) -> dict[str, Any]:
    """The job's status object, as the agent wrote it last; empty before."""
    uri = deployed.pipeline.uri(f"slurm/open-weights/status/{run_id}-s0.json")
    if not deployed.pipeline.objects.exists(uri):
        return {}
    found: dict[str, Any] = json.loads(deployed.pipeline.objects.read(uri))
    return found


def log(deployed: DeployedPipeline, run_id: str) -> str:
    return deployed.pipeline.objects.read(
        deployed.pipeline.uri(f"slurm/open-weights/logs/{run_id}-s0.log")
    ).decode()


def test_a_run_trains_on_two_nodes_and_is_accepted_although_its_agent_is_killed(
    deployed: DeployedPipeline, nodes: Nodes
) -> None:
    run_id = deployed.start(short("on-slurm"))
    deployed.wait_until_started(run_id, "s0")
    (agent,) = nodes.agents()

    os.kill(agent, signal.SIGKILL)

    run = deployed.wait(run_id)
    assert run.status == "ACCEPTED", run.cause
    ended = status(deployed, run_id)
    assert (ended["state"], ended["restarts"]) == ("COMPLETED", 0)
    assert ended["nodes"].count("-") > 3, "two nodes have a list of names"
    (training,) = deployed.report(run_id)["training"]
    assert training["curves"]["reduced_train_loss"]


def test_a_job_that_fails_ends_its_run_with_the_exit_code(deployed: DeployedPipeline, nodes: Nodes) -> None:
    run = deployed.run(short("too-long", dataset_max_len=16))

    assert (run.status, run.error) == ("FAILED", "JobFailed")
    assert "exit code 1" in str(run.cause)


def test_a_run_that_is_stopped_cancels_its_job(deployed: DeployedPipeline, nodes: Nodes) -> None:
    run_id = deployed.start(short("stopped-on-slurm", max_epochs=200))
    eventually(
        lambda: status(deployed, run_id), lambda seen: seen.get("state") == "RUNNING", "the job to run"
    )

    deployed.pipeline.operations.request_stop(run_id)
    deployed.pipeline.reconcile_now(run_id)

    run = deployed.wait(run_id)
    assert (run.status, run.error) == ("FAILED", "RunStopped")
    eventually(
        lambda: status(deployed, run_id), lambda seen: seen["state"] == "CANCELLED", "it to be cancelled"
    )


def test_a_job_that_loses_a_node_is_queued_again_and_goes_on_from_its_snapshot(
    deployed: DeployedPipeline, nodes: Nodes
) -> None:
    run_id = deployed.start(short("lost-node", max_epochs=12))
    eventually(lambda: nodes.snapshots(run_id), bool, "the job's first snapshot")

    nodes.lose_last()

    run = deployed.wait(run_id)
    assert run.status == "ACCEPTED", run.cause
    assert status(deployed, run_id)["restarts"] == 1
    assert "going on after global_step=" in log(deployed, run_id)
