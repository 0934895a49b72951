"""Synthesis depends on the sources and on nothing else."""

from __future__ import annotations

import ast
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environments.prod import PROD
from tests.fixtures.synthesis import Synthesis, synthesise

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("config", "stacks", "components")
IMPURE = {
    "boto3", "botocore", "datetime", "getpass", "http", "random", "requests", "secrets", "socket", "time",
    "urllib", "uuid",
}  # fmt: skip


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in [ROOT / "app.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]:
        yield path, ast.parse(path.read_text())


def imported(module: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def test_no_module_of_the_app_imports_a_clock_chance_or_the_network() -> None:
    assert {path.name: found for path, module in modules() if (found := imported(module) & IMPURE)} == {}


def test_stacks_hold_no_resource_and_no_statement() -> None:
    low_level = {
        f"{path.name}: {node.attr if isinstance(node, ast.Attribute) else node.id}"
        for path, module in modules()
        if path.parent.name == "stacks"
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute | ast.Name)
        and (name := node.attr if isinstance(node, ast.Attribute) else node.id)
        and (name == "PolicyStatement" or (name.startswith("Cfn") and name != "CfnOutput"))
    }
    assert low_level == set()


def test_no_arn_is_spelled_with_a_partition() -> None:
    assert [path.name for path, _ in modules() if "arn:aws" in path.read_text()] == []


def test_the_composition_root_fits_on_a_screen() -> None:
    assert len((ROOT / "app.py").read_text().splitlines()) < 40


@pytest.mark.synth
def test_no_cloud_assembly_asks_aws_for_a_missing_value(every: Synthesis) -> None:
    """The CDK CLI answers `missing` by calls to AWS, and writes the answers into the clone."""
    manifest = json.loads((every.folder / "manifest.json").read_text())
    assert manifest.get("missing", []) == []


@pytest.mark.synth
def test_the_cdk_cli_synthesises_without_credentials_and_without_a_network(
    every: Synthesis, tmp_path: Path
) -> None:
    """What `make synth` runs. Rendering `every` has made the functions' bundles, which pip downloads."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "CDK_")) and not name.lower().endswith("_proxy")
    }
    path = [Path(sys.executable).parent, ROOT / "node_modules" / ".bin", environ["PATH"]]
    # Bound and not listening: a connection is refused, and no other process can take the port.
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
        environ |= {
            "PATH": os.pathsep.join(map(str, path)),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy),
        }
        command = [
            "cdk",
            "synth",
            "--quiet",
            f"--context=env={every.environment.name}",
            f"--output={tmp_path}",
        ]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rendered, expected = (
        {template.name for template in folder.glob("*.template.json")} for folder in (tmp_path, every.folder)
    )
    assert rendered == expected


@pytest.mark.synth
def test_two_syntheses_are_byte_identical(tmp_path: Path) -> None:
    folders = (tmp_path / "first", tmp_path / "second")
    for folder in folders:
        synthesise(PROD, folder)
    first, second = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.synth
def test_synthesis_opens_no_connection_and_loads_no_sdk(tmp_path: Path) -> None:
    # In a process of its own: this one has loaded boto3 for other tests. The bundles are there already.
    script = """
import socket, sys
def refuse(*_): raise AssertionError("synthesis opened a connection")
socket.socket.connect = refuse
from app import build
from config.environments.local import LOCAL
build(LOCAL, outdir=sys.argv[1]).synth()
print(sorted({"boto3", "botocore", "requests", "urllib3"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
