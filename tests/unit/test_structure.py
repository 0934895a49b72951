"""The tables of docs/architecture.md are true of the code: imports go down only, and never in a circle."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.fixtures.modules import Module, circles, import_graph, packages_inside, product_modules
from tests.fixtures.paths import ROOT

ARCHITECTURE = ROOT / "docs" / "architecture.md"
SDK = {"boto3", "botocore"}
NO_SDK = "no AWS SDK"
DATA_ONLY = ("catalogue", "lifecycle")

GRAPH = import_graph(product_modules())
PACKAGES = sorted(module.name for module in product_modules() if module.is_package)


def table(heading: str) -> list[list[str]]:
    """Cells of the table below a heading of docs/architecture.md, without its head."""
    section = ARCHITECTURE.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def quoted(cell: str) -> list[str]:
    """What stands in backquotes, as a dotted name: `localcloud/aws/` is localcloud.aws, `app.py` is app."""
    return [name.removesuffix(".py").rstrip("/").replace("/", ".") for name in re.findall(r"`([^`]+)`", cell)]


FOLDERS = {
    folder: (quoted(may_import), NO_SDK in may_import)
    for folders, _holds, may_import in table("Folders")
    for folder in quoted(folders)
}
FLOORS = [quoted(packages) for _floor, packages, _holds in table("Floors of the domain")]


def is_in(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(f"{prefix}.")


def folder_of(module: str) -> str | None:
    """The row that speaks for a module: the longest that it is in."""
    return max((folder for folder in FOLDERS if is_in(module, folder)), key=len, default=None)


def beyond_the_row(module: Module, imported: Iterable[str]) -> Iterator[str]:
    """Imports of a module of the product that its folder's row does not allow."""
    folder = folder_of(module.name)
    assert folder is not None, f"docs/architecture.md has no row for {module.name}"
    allowed, no_sdk = FOLDERS[folder]
    for other in imported:
        if not any(is_in(other, prefix) for prefix in [folder, *allowed]):
            yield f"{module.name} imports {other}"
    if no_sdk:
        yield from (f"{module.name} imports {name}" for name in module.imports() if name.split(".")[0] in SDK)


def floor_of(module: str) -> int | None:
    """Number of the floor of a module of the domain; None for one that no floor names."""
    return next(
        (
            n
            for n, packages in enumerate(FLOORS)
            if any(is_in(module, f"atelier.{name}") for name in packages)
        ),
        None,
    )


def climbs(graph: dict[str, frozenset[str]]) -> Iterator[str]:
    """Imports of the domain that do not go down to a lower floor, or stay in their own package."""
    for module, imported in graph.items():
        for other in imported:
            if not (is_in(module, "atelier") and is_in(other, "atelier")):
                continue
            if module.split(".")[1:2] == other.split(".")[1:2]:
                continue
            here, there = floor_of(module), floor_of(other)
            if here is None or there is None or there >= here:
                yield f"{module} imports {other}"


def test_every_folder_imports_only_what_its_row_allows() -> None:
    found = [line for module in product_modules() for line in beyond_the_row(module, GRAPH[module.name])]
    assert not found, "\n".join(found)


def test_every_allowed_import_of_the_table_is_made() -> None:
    """A row that allows more than is used would hide the next import."""
    unused = [
        f"{folder} may import {prefix}"
        for folder, (allowed, _no_sdk) in FOLDERS.items()
        for prefix in allowed
        if not any(
            is_in(other, prefix) for module in GRAPH if folder_of(module) == folder for other in GRAPH[module]
        )
    ]
    assert unused == []


def test_every_row_is_a_folder_or_file_of_the_repository() -> None:
    paths = {folder: ROOT / folder.replace(".", "/") for folder in FOLDERS}
    missing = [
        name for name, path in paths.items() if not (path.is_dir() or path.with_suffix(".py").is_file())
    ]
    assert missing == []


def test_a_row_that_forbids_the_sdk_is_held_to_it() -> None:
    module = Module("atelier.names", False, "from boto3.session import Session\n")
    assert list(beyond_the_row(module, [])) == ["atelier.names imports boto3.session.Session"]


def test_an_import_that_no_row_allows_is_found() -> None:
    module = Module("localcloud.trainer.planted", False, "")
    assert list(beyond_the_row(module, ["localcloud.aws.bootstrap", "localcloud.common.home"])) == [
        "localcloud.trainer.planted imports localcloud.aws.bootstrap"
    ]


def test_imports_of_the_domain_go_down_only() -> None:
    found = sorted(climbs(GRAPH))
    assert not found, "\n".join(found)


def test_an_import_upwards_or_along_a_floor_is_found() -> None:
    planted = {
        "atelier.recipes.rows": frozenset({"atelier.runs.model", "atelier.errors"}),
        "atelier.evaluation.results": frozenset({"atelier.gate.scores"}),
        "atelier.runs.model": frozenset({"atelier.runs.parse"}),
    }
    assert sorted(climbs(planted)) == [
        "atelier.evaluation.results imports atelier.gate.scores",
        "atelier.recipes.rows imports atelier.runs.model",
    ]


def test_the_floors_name_every_package_of_the_domain_once() -> None:
    named = sorted(name for packages in FLOORS for name in packages)
    there = sorted({module.split(".")[1] for module in GRAPH if module.startswith("atelier.")})
    assert named == there


@pytest.mark.parametrize("folder", DATA_ONLY)
def test_a_folder_of_data_holds_no_python(folder: str) -> None:
    assert list((ROOT / folder).rglob("*.py")) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(GRAPH) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_packages_import_each_other_in_a_circle(package: str) -> None:
    assert circles(packages_inside(GRAPH, package)) == []


def test_no_top_level_folders_import_each_other_in_a_circle() -> None:
    tops = {module.split(".")[0] for module in GRAPH}
    graph = {
        top: frozenset(
            target
            for module, imported in GRAPH.items()
            if module.split(".")[0] == top
            for other in imported
            if (target := other.split(".")[0]) != top
        )
        for top in tops
    }
    assert circles(graph) == []


def test_a_circle_is_found_through_a_third_module() -> None:
    modules = [
        Module("p.a", False, "from p import b\n"),
        Module("p.b", False, "def f():\n    from .c.d import x\n"),
        Module("p.c.d", False, "import p.a\n"),
        Module("p.e", False, "import p.a\n"),
    ]
    graph = import_graph(modules)
    assert circles(graph) == [["p.a", "p.b", "p.c.d"]]
    assert circles(packages_inside(graph, "p")) == [["p.a", "p.b", "p.c"]]


# Tests of the repository as a whole, or of what several modules promise together.
CROSS_CUTTING = {
    "contract/lambdas/adapters/test_training_jobs.py",
    "unit/atelier/datasets/fast_path/test_fast_path.py",
    "unit/atelier/test_purity.py",
    "unit/cli/data/test_transform_commands.py",
    "unit/config/checks/test_checks.py",
    "unit/docs/test_documents.py",
    "unit/test_structure.py",
}


def test_a_test_file_has_the_path_and_the_name_of_its_module() -> None:
    unmatched = {
        str(path.relative_to(ROOT / "tests"))
        for kind in ("unit", "contract")
        for path in (ROOT / "tests" / kind).rglob("test_*.py")
        if not _has_module(path.relative_to(ROOT / "tests" / kind))
    }
    assert unmatched == CROSS_CUTTING


def _has_module(test: Path) -> bool:
    """True when the product folder has a module, script or document that the file is named after."""
    name = test.stem.removeprefix("test_")
    modules = {path.stem.strip("_") for path in (ROOT / test.parent).glob("*")}
    return any(name == module or name.startswith(f"{module}_") for module in modules if module)
