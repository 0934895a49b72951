from __future__ import annotations

import ast
import subprocess
from pathlib import Path

from localcloud.aws import ministack_contract
from localcloud.common.home import REPOSITORY, cloud_python

PACKAGE = REPOSITORY / "localcloud"


def test_every_part_of_ministack_that_the_code_touches_is_in_the_self_test() -> None:
    unlisted = [
        f"{path.relative_to(REPOSITORY)}: {module}.{name}"
        for path in PACKAGE.rglob("*.py")
        for module, name in _touched(path)
        if name not in ministack_contract.INTERNALS.get(module, {})
    ]
    assert unlisted == []


def test_the_self_test_lists_nothing_that_the_code_does_not_touch() -> None:
    touched = {pair for path in PACKAGE.rglob("*.py") for pair in _touched(path)}
    listed = {(module, name) for module, names in ministack_contract.INTERNALS.items() for name in names}
    assert listed - touched == set()


def test_the_installed_ministack_passes() -> None:
    _in_cloud_environment("from localcloud.aws import ministack_contract; ministack_contract.verify()")


def test_a_part_that_moved_is_named_together_with_the_pinned_version() -> None:
    moved = _in_cloud_environment(
        "import ministack.services.stepfunctions as module; del module._call_lambda\n"
        "from localcloud.aws import ministack_contract\n"
        "try:\n    ministack_contract.verify()\n"
        "except ministack_contract.InternalsMoved as error:\n    print(error)"
    )
    assert "ministack.services.stepfunctions._call_lambda" in moved
    assert ministack_contract.PINNED_VERSION in moved


def test_setup_installs_the_pinned_version() -> None:
    installed = (REPOSITORY / "requirements.lock").read_text().replace(" \\", "").splitlines()
    assert f"ministack=={ministack_contract.PINNED_VERSION}" in installed


def _touched(path: Path) -> set[tuple[str, str]]:
    """(module, attribute) of every use of a MiniStack module that the file imports."""
    tree = ast.parse(path.read_text())
    modules: dict[str, str] = {}
    touched: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            modules |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            modules |= {alias.name: alias.name for alias in node.names if alias.name.startswith("ministack")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (module := modules.get(ast.unparse(node.value))):
            touched.add((module, node.attr))
    return touched


def _in_cloud_environment(code: str) -> str:
    run = subprocess.run(
        [str(cloud_python()), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return run.stdout
