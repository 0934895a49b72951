"""The scripts of a Slurm cluster's nodes, as they come from the bucket, on a node made of folders."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.hyperpod.lifecycle_scripts import scripts_of, slurm_agent

CONTROLLER, NODE = "on_init_complete_controller.sh", "on_init_complete.sh"
COMMANDS = {
    "mountpoint": 'grep -qxF "$2" "$STATE/mounts"',
    "chown": 'echo "chown $*" >>"$STATE/calls"',
    "sleep": 'echo "sleep $*" >>"$STATE/calls"',
}


@dataclass(frozen=True)
class Node:
    """A node's root, and beside it its scripts, what is mounted and what was called."""

    root: Path
    state: Path

    def run(self, script: str) -> int:
        environ = {
            "PATH": f"{self.state / 'bin'}:{os.environ['PATH']}",
            "NODE_ROOT": str(self.root),
            "STATE": str(self.state),
        }
        entry = self.state / "scripts" / script
        return subprocess.run(["/bin/bash", str(entry)], env=environ, check=False).returncode

    @property
    def log(self) -> str:
        return (self.root / "var/log/provision/provisioning.log").read_text()

    @property
    def calls(self) -> list[str]:
        return (self.state / "calls").read_text().splitlines()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """With both file systems mounted; the agent's own installer, which has its tests, only says so."""
    root, state = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    for name, text in {**scripts_of("slurm"), **slurm_agent()}.items():
        file = state / "scripts" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (state / "scripts/agent/install.sh").write_text('echo "install $1" >>"$STATE/calls"')
    (state / "bin").mkdir()
    for name, body in COMMANDS.items():
        command = state / "bin" / name
        command.write_text(f"#!/bin/bash\n{body}\n")
        command.chmod(0o755)
    (state / "mounts").write_text(f"{root}/fsx\n{root}/home\n")
    (state / "calls").write_text("")
    return Node(root, state)


def test_the_controller_has_a_folder_for_jobs_and_the_agent(node: Node) -> None:
    assert node.run(CONTROLLER) == 0
    assert (node.root / "fsx/atelier").is_dir()
    assert node.calls == [
        f"chown ubuntu:ubuntu {node.root}/fsx/atelier",
        f"install {node.state}/scripts/agent.json",
    ]


def test_again_is_the_same(node: Node) -> None:
    node.run(CONTROLLER)
    once = node.calls
    assert node.run(CONTROLLER) == 0
    assert node.calls == once * 2


def test_other_nodes_get_no_agent(node: Node) -> None:
    assert node.run(NODE) == 0
    assert node.calls == []
    assert "/fsx and /home are mounted" in node.log


@pytest.mark.parametrize("script", [CONTROLLER, NODE])
@pytest.mark.parametrize("missing", ["fsx", "home"])
def test_a_node_that_does_not_see_the_others_files_is_refused_and_says_why(
    node: Node, script: str, missing: str
) -> None:
    mounts = {"fsx", "home"} - {missing}
    (node.state / "mounts").write_text("".join(f"{node.root}/{each}\n" for each in mounts))
    assert node.run(script) == 1
    assert f"/{missing} is not mounted" in node.log
    assert not [call for call in node.calls if call.startswith("install")]
    # HyperPod takes a failed node away at once: the log must have left it first.
    assert node.calls[-1] == "sleep 60"


def test_nothing_is_downloaded_and_no_legacy_configuration_is_there() -> None:
    files = {**scripts_of("slurm"), **slurm_agent()}
    # Beside SlurmConfig, HyperPod refuses it half an hour into the creation.
    assert "provisioning_parameters.json" not in files
    for name, text in files.items():
        for command in (
            "curl ",
            "wget ",
            "git clone",
            "pip install",
            "pip3 install",
            "apt-get",
            "apt install",
        ):
            assert command not in text, name
