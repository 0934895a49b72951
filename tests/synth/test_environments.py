"""An environment is one file: what reads the registry finds it, in an order that no file system decides."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from aws_cdk.aws_logs import RetentionDays

from config import InvalidConfiguration, environments
from config.environments import ENVIRONMENTS, Environments
from config.log_retention import LOG_RETENTION_DAYS
from tests.fixtures.paths import ROOT

TOY = """
from dataclasses import replace

from config.environments.dev import DEV

TOY = replace(DEV, name="toy", account="444444444444", clusters=())
"""


def package_with(folder: Path, **modules: str) -> Environments:
    """The registry of config/environments with further modules from `folder`."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    environments.__path__.append(str(folder))
    return Environments(environments.__name__, environments.__path__)


@pytest.fixture(autouse=True)
def _only_the_real_modules() -> Iterator[None]:
    folders, modules = [*environments.__path__], {*sys.modules}
    yield
    environments.__path__[:] = folders
    for name in {*sys.modules} - modules:
        if name.startswith(f"{environments.__name__}."):
            del sys.modules[name]


def test_environments_come_in_alphabetical_order_and_without_private_modules(tmp_path: Path) -> None:
    registry = package_with(tmp_path, zoo=TOY, aaa=TOY, _shared="")
    assert [*registry] == sorted({*ENVIRONMENTS, "aaa", "zoo"})


def test_names_are_known_before_any_environment_is_imported(tmp_path: Path) -> None:
    registry = package_with(tmp_path, broken="raise AssertionError('imported')")
    assert "broken" in registry
    assert registry["dev"].name == "dev"
    with pytest.raises(AssertionError, match="imported"):
        registry["broken"]


@pytest.mark.parametrize(
    ("text", "got"),
    [(TOY.replace("TOY", "OTHER"), "None"), (TOY.replace('"toy"', '"other"'), "'other'")],
)
def test_a_module_holds_the_environment_of_its_own_name(tmp_path: Path, text: str, got: str) -> None:
    registry = package_with(tmp_path, toy=text)
    message = f"^config.environments.toy: TOY must be an Environment with the name 'toy', got {got}$"
    with pytest.raises(InvalidConfiguration, match=message):
        registry["toy"]


def test_days_of_log_retention_are_those_of_cdk_and_of_cloudformation() -> None:
    # Published without type information.
    schemas = import_module("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER
    schema = schemas.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema
    assert {*LOG_RETENTION_DAYS} == {*schema["properties"]["RetentionInDays"]["enum"]}
    assert {*LOG_RETENTION_DAYS.values(), "INFINITE"} == {member.name for member in RetentionDays}


@pytest.mark.synth
def test_one_new_file_is_an_environment_that_the_app_renders_and_the_commands_know(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "config" / "environments" / "toy.py").write_text(TOY)
    out = tmp_path / "cdk.out"
    context = {"CDK_CONTEXT_JSON": json.dumps({"env": "toy"}), "CDK_OUTDIR": str(out)}
    environ = {**os.environ, **context, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
        ).stdout

    run("app.py")
    stacks = [template.name.split(".")[0] for template in out.glob("*.template.json")]
    assert sorted(stacks) == ["Atelier-Toy-Network", "Atelier-Toy-Pipeline", "Atelier-Toy-Storage"]
    assert ", toy." in run("-c", "from cli.main import app; app()", "run", "validate", "--help")
