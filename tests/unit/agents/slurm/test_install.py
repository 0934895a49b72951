"""The script that puts the agent on a controller, run with a folder in place of / and commands of its own."""

from __future__ import annotations

import getpass
import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from agents import slurm as agent
from tests.fixtures.slurm_jobs import a_config

SOURCE = Path(agent.__file__).parent
BASH = shutil.which("bash") or "/bin/bash"
COMMANDS = ("sbatch", "squeue", "scancel", "scontrol", "systemctl")


class Node:
    """A controller's files and commands; `calls` are what systemctl was asked."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.calls = folder / "calls"
        self.commands = folder / "bin"
        self.commands.mkdir(parents=True)
        for name in COMMANDS:
            self.write(name, f'echo "{name} $*" >> {self.calls}')
        self.write("python3", f'exec {sys.executable} "$@"')
        self.configuration = folder / "agent.json"
        told = {name: value for name, value in asdict(a_config()).items() if value != ""}
        self.configuration.write_text(json.dumps(told))

    def install(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BASH, str(SOURCE / "install.sh"), str(self.configuration)],
            env={
                "NODE_ROOT": str(self.root),
                "AGENT_USER": getpass.getuser(),
                "AGENT_PATH": str(self.commands),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def write(self, name: str, line: str) -> None:
        """A command that is found before the machine's own."""
        (self.commands / name).write_text(f"#!{BASH}\n{line}\n")
        (self.commands / name).chmod(0o755)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_the_agent_is_installed_enabled_and_started_and_again_is_the_same(node: Node) -> None:
    for _ in range(2):
        done = node.install()
        assert done.returncode == 0, done.stderr
    package = node.root / "opt" / "atelier" / "agent"
    assert {path.name for path in package.glob("*.py")} == {path.name for path in SOURCE.glob("*.py")}
    told = node.root / "etc" / "atelier" / "agent.json"
    assert told.read_text() == node.configuration.read_text()
    once = ["daemon-reload", "enable atelier-agent.service", "restart atelier-agent.service"]
    assert node.calls.read_text().splitlines() == [f"systemctl {call}" for call in once * 2]
    unit = (node.root / "etc" / "systemd" / "system" / "atelier-agent.service").read_text()
    assert f"User={getpass.getuser()}" in unit
    assert "ExecStart=/usr/bin/env python3 -m agent --config /etc/atelier/agent.json" in unit


def test_a_node_without_what_the_agent_needs_says_so_and_gets_none(node: Node) -> None:
    node.write("python3", "exit 1")
    done = node.install()
    assert done.returncode == 1
    assert "the agent needs 'python3 -c import sys, boto3; " in done.stderr
    assert not node.root.exists()


def test_a_configuration_that_is_wrong_is_not_started(node: Node) -> None:
    node.configuration.write_text('{"cluster": ""}')
    done = node.install()
    assert done.returncode != 0
    assert "region: missing" in done.stderr
    assert not node.calls.exists()
