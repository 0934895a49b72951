"""The requirements files: exact, of one mind, and complete."""

from __future__ import annotations

import re
from importlib.metadata import distributions

import pytest

from tests.fixtures.paths import ROOT

FILES = sorted(path.name for path in [*ROOT.glob("requirements*.txt"), ROOT / "constraints.txt"])
NOT_OURS_TO_PIN = {"atelier", "pip", "setuptools", "wheel"}

_PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[\w,-]+\])?==(?P<version>\S+)")


def pins(file: str) -> dict[str, str]:
    """Version by normalised name (PEP 503)."""
    matches = map(_PIN.fullmatch, (ROOT / file).read_text().splitlines())
    return {normalised(match["name"]): match["version"] for match in matches if match}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("file", FILES)
def test_every_line_is_an_exact_pin(file: str) -> None:
    lines = [
        line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", "-"))
    ]

    assert [line for line in lines if not _PIN.fullmatch(line)] == []


def test_no_two_files_of_the_project_s_environment_disagree() -> None:
    versions: dict[str, set[str]] = {}
    for file in FILES:
        if file != "requirements-cloud.txt":
            for name, version in pins(file).items():
                versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_both_environments_have_the_same_service_models() -> None:
    assert pins("requirements-cloud.txt")["botocore"] == pins("requirements-lambda.txt")["botocore"]


def test_nothing_is_installed_that_nothing_pins() -> None:
    pinned = {name for file in FILES for name in pins(file)}
    installed = {normalised(distribution.metadata["Name"]) for distribution in distributions()}

    assert installed - pinned - NOT_OURS_TO_PIN == set()


def test_the_lock_of_the_cdk_cli_holds_no_addresses() -> None:
    assert "http" not in (ROOT / "package-lock.json").read_text()
