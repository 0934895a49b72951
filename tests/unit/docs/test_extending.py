"""The toy examples of docs/extending.md: each diff applies to the repository, and its check passes then."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fixtures.paths import ROOT

DOCUMENT = ROOT / "docs" / "extending.md"
COPIED = ("atelier", "catalogue", "config", "lambdas")


class Example(NamedTuple):
    """One section of the document: what it adds, as a diff, and what holds then, as a script."""

    title: str
    diff: str
    check: str


def examples() -> list[Example]:
    sections = DOCUMENT.read_text().split("\n## ")[1:]
    return [
        Example(section.partition("\n")[0], block(section, "diff"), block(section, "python"))
        for section in sections
    ]


def block(section: str, language: str) -> str:
    """The one block of code in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folders that examples change, where they may be changed."""
    for folder in COPIED:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(command: list[str], folder: Path, text: str) -> None:
    done = subprocess.run(command, cwd=folder, input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_document_has_the_five_examples() -> None:
    assert [example.title for example in examples()] == [
        "An environment",
        "A platform",
        "A deployment target",
        "A dataset format",
        "An evaluation task",
    ]


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example.title))
def test_an_example_works_as_it_is_written(example: Example, copy: Path) -> None:
    script = ["import sys", f"sys.path.insert(0, {str(copy)!r})", example.check]
    with pytest.raises(AssertionError):
        run([sys.executable, "-P", "-"], copy, "\n".join(script))
    run(["git", "apply", "-"], copy, example.diff)
    run([sys.executable, "-P", "-"], copy, "\n".join(script))
