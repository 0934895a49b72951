"""The app and the commands with an environment of one file, and without a valid one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.environments import ENVIRONMENTS
from tests.fixtures.environments import TOY
from tests.fixtures.paths import ROOT


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


@pytest.mark.synth
@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"env": "producton"}, f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got 'producton'"),
        ({}, f"-c env= must be one of {', '.join(ENVIRONMENTS)}; got nothing"),
        (
            {"env": "prod", "destroy_data": "true"},
            "-c destroy_data=true is refused: environment prod does not set data_may_be_destroyed "
            "in config/environments/prod.py",
        ),
    ],
)  # fmt: skip
def test_the_app_ends_in_one_message_without_a_traceback(context: dict[str, str], message: str) -> None:
    environ = {**os.environ, "CDK_CONTEXT_JSON": json.dumps(context)}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, message)
