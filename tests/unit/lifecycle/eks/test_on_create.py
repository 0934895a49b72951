"""The scripts that run on a cluster's nodes, on a node made of folders and commands that keep a record."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.hyperpod.lifecycle_scripts import scripts_of
from tests.fixtures.paths import ROOT

LIFECYCLE = ROOT / "lifecycle"
SCRIPTS = sorted(LIFECYCLE.rglob("*.sh"))

COMMANDS = {
    "mountpoint": 'grep -qxF "$2" "$STATE/mounts"',
    "mount": 'echo "$3" >>"$STATE/mounts"; echo "mount $*" >>"$STATE/calls"',
    "systemctl": """
        echo "systemctl $*" >>"$STATE/calls"
        case $1 in
          is-active) grep -qxF "$3" "$STATE/active" ;;
          stop) sed -i "/^$2$/d" "$STATE/active" ;;
          start) echo "$2" >>"$STATE/active" ;;
        esac
    """,
    "sleep": 'echo "sleep $*" >>"$STATE/calls"',
}


@dataclass(frozen=True)
class Node:
    """A node's root, and beside it what is mounted, what runs and what was called.

    Its scripts are as they come from the bucket: side by side, and not executable.
    """

    root: Path
    state: Path

    def run(self, script: str = "on_create_main.sh") -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{self.state / 'bin'}:{os.environ['PATH']}",
            "NODE_ROOT": str(self.root),
            "STATE": str(self.state),
        }
        return subprocess.run(
            ["/bin/bash", str(self.state / "scripts" / script)],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def lines(self, name: str) -> list[str]:
        return (self.state / name).read_text().splitlines()


@pytest.fixture
def node(tmp_path: Path) -> Node:
    """With a volume at /opt/sagemaker, containerd running and an image in it."""
    root, state = tmp_path / "root", tmp_path / "state"
    for folder in ("opt/sagemaker", "var/lib/containerd", "var/lib/kubelet", "etc"):
        (root / folder).mkdir(parents=True)
    (root / "etc/fstab").write_text("")
    (root / "var/lib/containerd/image").write_text("layers")
    (state / "bin").mkdir(parents=True)
    for name, body in COMMANDS.items():
        command = state / "bin" / name
        command.write_text(f"#!/bin/bash\n{body}\n")
        command.chmod(0o755)
    (state / "scripts").mkdir()
    for name, text in scripts_of("eks").items():
        (state / "scripts" / name).write_text(text)
    (state / "mounts").write_text(f"{root}/opt/sagemaker\n")
    (state / "active").write_text("containerd\n")
    (state / "calls").write_text("")
    return Node(root, state)


def test_shellcheck_has_nothing_to_say() -> None:
    assert SCRIPTS
    command = [str(Path(sys.executable).with_name("shellcheck")), *map(str, SCRIPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_images_and_pods_move_to_the_volume_with_what_is_there(node: Node) -> None:
    assert node.run().returncode == 0
    assert (node.root / "opt/sagemaker/containerd/image").read_text() == "layers"
    assert node.lines("mounts")[1:] == [f"{node.root}/var/lib/kubelet", f"{node.root}/var/lib/containerd"]
    assert (node.root / "etc/fstab").read_text().splitlines() == [
        f"{node.root}/opt/sagemaker/{service} {node.root}/var/lib/{service} none bind,nofail 0 0"
        for service in ("kubelet", "containerd")
    ]


def test_a_running_service_stops_for_the_move_and_runs_afterwards(node: Node) -> None:
    node.run()
    calls = [call.split()[:2] for call in node.lines("calls") if "is-active" not in call]
    assert calls == [
        ["mount", "--bind"],
        ["systemctl", "stop"],
        ["mount", "--bind"],
        ["systemctl", "start"],
    ]
    assert node.lines("active") == ["containerd"]


def test_a_second_run_moves_nothing(node: Node) -> None:
    node.run()
    before = node.lines("calls")
    again = node.run()
    assert again.returncode == 0
    assert node.lines("calls") == before
    assert len((node.root / "etc/fstab").read_text().splitlines()) == 2


def test_a_replaced_image_of_the_root_volume_does_not_add_to_fstab_twice(node: Node) -> None:
    node.run()
    (node.state / "mounts").write_text(f"{node.root}/opt/sagemaker\n")
    assert node.run().returncode == 0
    assert len((node.root / "etc/fstab").read_text().splitlines()) == 2


def test_the_instance_s_own_disks_serve_where_there_is_no_volume(node: Node) -> None:
    (node.root / "opt/dlami/nvme").mkdir(parents=True)
    (node.state / "mounts").write_text(f"{node.root}/opt/dlami/nvme\n")
    node.run()
    assert (node.root / "opt/dlami/nvme/containerd/image").exists()


def test_a_node_without_a_second_disk_is_left_as_it_is(node: Node) -> None:
    (node.state / "mounts").write_text("")
    done = node.run()
    assert (done.returncode, done.stdout) == (0, "no disk beside the root volume: nothing to move\n")
    assert node.lines("calls") == []


def test_the_log_is_where_cloudwatch_reads_it(node: Node) -> None:
    assert node.run("on_create.sh").returncode == 0
    log = (node.root / "var/log/provision/provisioning.log").read_text()
    assert f"{node.root}/var/lib/containerd is in {node.root}/opt/sagemaker/containerd" in log


def test_a_failure_is_the_node_s_and_its_log_gets_out_first(node: Node) -> None:
    (node.root / "etc/fstab").unlink()
    (node.root / "etc").rmdir()
    assert node.run("on_create.sh").returncode != 0
    assert "on_create_main.sh ended with 1" in (node.root / "var/log/provision/provisioning.log").read_text()
    assert node.lines("calls")[-1] == "sleep 60"
