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

from client.conversation import Conversation
from localcloud.common.home import Home
from localcloud.common.processes import command_of
from localcloud.slurm.cluster import SlurmCluster
from localcloud.slurm.processes import CONFIGURATION, kill, processes
from tests.fixtures.deployed_pipeline import EXAMPLES, DeployedPipeline, eventually, example
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


def imported_models(deployed: DeployedPipeline) -> set[str]:
    """Names of everything that Bedrock has imported for us."""
    listed = deployed.client("bedrock").list_imported_models()["modelSummaries"]
    return {model["modelName"] for model in listed}


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


def test_open_weights_serve_as_an_imported_model_and_a_second_run_is_promoted_over_the_first(
    deployed: DeployedPipeline, nodes: Nodes
) -> None:
    """Slow (two minutes): two runs train, are imported into Bedrock and loaded there."""
    name = "imported-agent"
    pipeline = deployed.pipeline

    def document(run_name: str, rule: dict[str, Any]) -> dict[str, Any]:
        evaluation = [{"task": "gen_qa", "dataset": str(EXAMPLES / "data" / "gen_qa.jsonl")}]
        serves = {"deployment": {"target": "bedrock-import", "name": name}}
        return short(run_name, max_epochs=3) | {"evaluation": evaluation, "gate": [rule], **serves}

    first = deployed.run(document("imported-first", {"metric": "gen_qa.bleu", "at_least": 0.0}))
    assert first.status == "PROMOTED", first.cause
    served = pipeline.deployed.pointer(name)
    assert served is not None
    assert (served.serving.run_id, served.previous) == (first.run_id, None)
    parameter = deployed.client("ssm").get_parameter(Name=f"/atelier/local/deployments/{name}")["Parameter"]
    assert json.loads(parameter["Value"])["model_id"] == served.serving.model_id
    conversation = Conversation(pipeline.deployed, pipeline.deployed.model_id(name))
    assert conversation.say("Can you check G-508 for me?").usage["outputTokens"] > 0

    close = {"metric": "gen_qa.bleu", "worse_than_baseline_by_at_most": 100.0}
    second = deployed.run(document("imported-second", close))
    assert second.status == "PROMOTED", second.cause
    switched = pipeline.deployed.pointer(name)
    assert switched is not None
    assert (switched.serving.run_id, switched.previous) == (second.run_id, served.serving)
    assert deployed.report(second.run_id)["baseline"]["run_id"] == first.run_id


def test_a_candidate_that_fails_its_smoke_test_leaves_the_imported_model_that_serves(
    deployed: DeployedPipeline, nodes: Nodes, tmp_path: Path
) -> None:
    """Slow (a minute): one more run is imported, and taken back."""
    before = deployed.pipeline.deployed.pointer("imported-agent")
    models = {
        model["modelName"] for model in deployed.client("bedrock").list_imported_models()["modelSummaries"]
    }
    scenarios = tmp_path / "scenarios.jsonl"
    scenarios.write_text(json.dumps({"prompt": "Hello", "expect_contains": "no model says this"}) + "\n")
    deployment = {
        "target": "bedrock-import",
        "name": "imported-agent",
        "canary": {"scenarios": str(scenarios)},
    }
    evaluation = [{"task": "gen_qa", "dataset": str(EXAMPLES / "data" / "gen_qa.jsonl")}]
    gate = [{"metric": "gen_qa.bleu", "at_least": 0.0}]

    run = deployed.run(
        short("imported-bad", max_epochs=1)
        | {"evaluation": evaluation, "gate": gate, "deployment": deployment}
    )

    assert run.status == "ROLLED_BACK", run.cause
    assert deployed.pipeline.deployed.pointer("imported-agent") == before
    left = {
        model["modelName"] for model in deployed.client("bedrock").list_imported_models()["modelSummaries"]
    }
    assert left == models


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
