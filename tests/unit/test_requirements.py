"""The declaration in pyproject.toml, its lock, requirements.txt, and what the wheel holds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from components import bundles
from tests.fixtures.paths import ROOT

DECLARATION: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS: dict[str, list[Any]] = DECLARATION["dependency-groups"]
PROJECT: list[str] = DECLARATION["project"]["dependencies"]
FILES = ["requirements.lock", "requirements.txt"]
NOT_OURS_TO_PIN = {"atelier", "pip", "setuptools", "wheel"}

_ENTRY = re.compile(r"^(?P<requirement>\S.*?) \\\n(?P<hashes>(?: +--hash=.*\n)+)", re.MULTILINE)


def entries(file: str) -> dict[str, tuple[Requirement, set[str]]]:
    """Requirement and hashes by normalised name."""
    found: dict[str, tuple[Requirement, set[str]]] = {}
    for match in _ENTRY.finditer((ROOT / file).read_text()):
        requirement = Requirement(match["requirement"])
        found[canonicalize_name(requirement.name)] = (
            requirement,
            set(re.findall(r"sha256:\w{64}", match["hashes"])),
        )
    return found


LOCK = entries("requirements.lock")


def group(name: str) -> Iterator[Requirement]:
    """Requirements of a dependency group and of the groups that it includes."""
    for item in GROUPS[name]:
        if isinstance(item, dict):
            yield from group(item["include-group"])
        else:
            yield Requirement(item)


def closure(requirements: Iterable[Requirement]) -> set[str]:
    """Names of what the requirements need on this machine, by the metadata of what is installed."""
    found: set[str] = set()
    pending = [(requirement, {""}) for requirement in requirements]
    while pending:
        requirement, extras = pending.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            continue
        if name not in found or requirement.extras:
            found.add(name)
            needs = distribution(name).requires or []
            pending += [(Requirement(line), requirement.extras | {""}) for line in needs]
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_package_has_one_exact_version_and_its_hashes(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and line[0] not in " #"]

    assert len(lines) == len(entries(file))
    assert [
        name
        for name, (requirement, hashes) in entries(file).items()
        if [specifier.operator for specifier in requirement.specifier] != ["=="] or not hashes
    ] == []


@pytest.mark.parametrize("file", [*FILES, "package-lock.json"])
def test_a_lock_holds_no_addresses(file: str) -> None:
    assert "://" not in (ROOT / file).read_text()


def test_requirements_txt_is_what_the_project_s_dependencies_export() -> None:
    exported = entries("requirements.txt")
    here = {name for name, (it, _) in exported.items() if it.marker is None or it.marker.evaluate()}

    assert here == closure(map(Requirement, PROJECT))
    assert {
        name for name, (it, hashes) in exported.items() if (it.specifier, hashes) != _locked(name)
    } == set()


def _locked(name: str) -> tuple[Any, set[str]]:
    requirement, hashes = LOCK[name]
    return requirement.specifier, hashes


def test_the_lock_holds_every_declared_package_at_a_version_that_the_declaration_accepts() -> None:
    declared = [*map(Requirement, PROJECT), *group("all")]

    assert [
        str(it)
        for it in declared
        if (name := canonicalize_name(it.name)) not in LOCK
        or not it.specifier.contains(str(LOCK[name][0].specifier).removeprefix("=="))
    ] == []


def test_every_group_is_in_the_lock() -> None:
    included: set[str] = {"all"}
    pending = ["all"]
    while pending:
        names = {item["include-group"] for item in GROUPS[pending.pop()] if isinstance(item, dict)}
        pending += sorted(names - included)
        included |= names

    assert set(GROUPS) - included == set()


def test_the_layer_holds_all_that_its_packages_need() -> None:
    assert closure(group("layer")) == set(bundles.layer_packages())


def test_everything_installed_is_at_the_lock_s_version() -> None:
    installed = {canonicalize_name(it.metadata["Name"]): it.version for it in distributions()}

    assert {
        name: version
        for name, version in installed.items()
        if name not in NOT_OURS_TO_PIN and (name not in LOCK or not LOCK[name][0].specifier.contains(version))
    } == {}


def test_the_wheel_holds_the_library_with_its_catalogue_and_nothing_that_could_collide(
    tmp_path: Path,
) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert {name.split("/")[0] for name in names} == {
        "atelier",
        f"{'-'.join(wheel.name.split('-')[:2])}.dist-info",
    }
    assert [name for name in names if name.endswith("entry_points.txt")] == []

    program = "from atelier.recipes.catalogue import DATA, catalogue; catalogue(); print(DATA)"
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert Path(loaded.stdout.strip()) == tmp_path / "site" / "atelier" / "catalogue"


def test_the_editable_install_has_the_command() -> None:
    try:
        files = distribution("atelier").files or []
    except PackageNotFoundError:
        pytest.fail("atelier is not installed: run `make setup`")

    assert [file.name for file in files if file.name == "atelier"] == ["atelier"]
