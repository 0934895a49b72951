"""A format registers in one place: its own module below atelier/datasets/formats."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from atelier.datasets import Format
from atelier.datasets.definition import register
from atelier.datasets.formats import registry
from atelier.datasets.formats.registry import DEFINITIONS
from tests.fixtures.commands import atelier
from tests.fixtures.paths import ROOT

TOY = """
from atelier.datasets.definition import Definition, register
from atelier.datasets.rules.finding import Rule, Violation

SHORT = Rule("short", "A motto has at most 5 characters.", "this test")


def validate(sample, _requirements):
    if len(sample["motto"]) > 5:
        yield Violation(SHORT, "motto", sample["motto"], "5 characters")


MOTTO = register(
    Definition(
        name="motto",
        use="open weights",
        purpose="mottos",
        row='`{"motto"}`',
        rules=(SHORT,),
        validate=validate,
        write=lambda dialogue: {"motto": dialogue.answer[0]["text"]},
    )
)
"""
USE = """
import io, json
from atelier.datasets import Format, check
from atelier.datasets.check import ALL_RULES
from atelier.datasets.transform.targets import TARGETS

report = check(io.BytesIO(b'{"motto": "short"}\\n{"motto": "too long"}\\n'), Format("motto"))
print(json.dumps({
    "findings": [[finding.line, finding.rule] for finding in report.findings],
    "open_weights": [*Format][-5:],
    "is_target": "motto" in TARGETS,
    "rule_known": "short" in [rule.name for rule in ALL_RULES],
}))
"""


def test_a_new_module_is_all_that_a_format_needs(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "atelier", tmp_path / "atelier", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    (tmp_path / "atelier" / "datasets" / "formats" / "motto.py").write_text(TOY)

    done = subprocess.run(
        [sys.executable, "-c", USE],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "findings": [[2, "short"]],
        "open_weights": ["motto", "openai_chat", "preference", "prompt_completion", "verl"],
        "is_target": True,
        "rule_known": True,
    }


def test_two_formats_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="'sft': two formats have this name"):
        register(replace(DEFINITIONS[Format.SFT], purpose="another"))


def test_every_module_beside_the_registry_is_a_format() -> None:
    modules = {path.stem for path in Path(registry.__file__).parent.glob("*.py")} - {"__init__", "registry"}

    assert modules == {format_.value for format_ in Format}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("check", list(Format)),
        ("convert", [format_ for format_ in Format if DEFINITIONS[format_].write]),
    ],
)
def test_the_help_names_the_registered_formats(command: str, names: list[Format]) -> None:
    shown = " ".join(atelier("data", command, "--help").output.replace("│", " ").split())

    assert f"{', '.join(names[:-1])} or {names[-1]}" in shown
