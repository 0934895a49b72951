"""What the agent is told about its cluster is checked before it starts."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from agents import slurm as agent
from agents.slurm.config import Config, InvalidConfig
from tests.fixtures.slurm_jobs import a_config

NEEDED = {
    "cluster": "a",
    "region": "us-east-1",
    "bucket": "b",
    "prefix": "slurm/a/",
    "queue_url": "https://q",
    "shared_folder": "/fsx",
    "runtime": "enroot",
}
PACKAGE = Path(agent.__file__).parent


def test_defaults_are_a_configuration() -> None:
    config = Config.of(NEEDED)
    assert config.auto_resume
    assert str(config.jobs_folder) == "/fsx/atelier/jobs"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"color": "red"}, "color: unknown; accepted: cluster, region"),
        ({"runtime": "podman"}, "runtime = 'podman': accepted: enroot, docker, process"),
        ({"prefix": "slurm/a"}, "prefix = 'slurm/a': one that ends in a slash"),
        ({"shared_folder": "fsx"}, "shared_folder = 'fsx': accepted: "),
        ({"shared_folder": "/fsx,/etc:/etc"}, "shared_folder = '/fsx,/etc:/etc': accepted: "),
        ({"shared_folder": "/a%j", "runtime": "process"}, "shared_folder = '/a%j': accepted: "),
        ({"mounted_at": "/data"}, "mounted_at = '/data': with runtime process only"),
        ({"poll_seconds": 21}, "poll_seconds = 21: SQS accepts up to 20"),
        ({"transfers": 0}, "transfers = 0: a whole number above 0"),
        ({"look_seconds": "1"}, "look_seconds = '1': a number above 0"),
        ({"auto_resume": "yes"}, "auto_resume = 'yes': true or false"),
        ({"cluster": ""}, "cluster = '': a text"),
        ({"programs": {"image": "bash"}}, "programs.image = 'bash': a list of texts"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_accepted(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidConfig) as refusal:
        Config.of({**NEEDED, **changes})
    assert str(refusal.value).startswith(message)


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidConfig, match="queue_url: missing"):
        Config.of({name: value for name, value in NEEDED.items() if name != "queue_url"})


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    file = tmp_path / "agent.json"
    for text in ("{", "[]"):
        file.write_text(text)
        with pytest.raises(InvalidConfig):
            Config.load(file)
    file.write_text(json.dumps(NEEDED))
    assert Config.load(file) == a_config(**NEEDED)


def test_the_agent_is_python_3_9_and_imports_nothing_but_the_standard_library_and_boto3() -> None:
    modules = [path for path in sorted(PACKAGE.glob("*.py")) if path.name != "__init__.py"]
    assert len(modules) > 10
    for path in modules:
        tree = ast.parse(path.read_text(), feature_version=(3, 9))
        imported = {
            (node.module or "").partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level == 0
        } | {
            alias.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not imported & {"atelier", "lambdas", "localcloud", "components", "config", "yaml", "pydantic"}
        assert "__future__" in imported, f"{path.name}: annotations are evaluated on 3.9 without it"
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Match)]
