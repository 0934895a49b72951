"""The domain is pure: what a run does follows from its arguments alone; no test needs a cloud or a clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import atelier

PACKAGE = Path(atelier.__file__).parent
FORBIDDEN_MODULES = {
    "asyncio",
    "boto3",
    "botocore",
    "http",
    "lambdas",
    "multiprocessing",
    "os",
    "random",
    "requests",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
    "urllib",
    "urllib3",
    "uuid",
}
CLOCKS = {"now", "today", "utcnow"}


def imports(tree: ast.AST) -> Iterator[str]:
    """Top-level names of every module that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def clock_readings(tree: ast.AST) -> Iterator[str]:
    """Calls such as datetime.now()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield ast.unparse(node)


def impurities(source: str) -> list[str]:
    """What a module's source does that the domain must not."""
    tree = ast.parse(source)
    return sorted(FORBIDDEN_MODULES.intersection(imports(tree))) + list(clock_readings(tree))


def test_no_module_of_the_domain_reaches_for_the_world() -> None:
    modules = sorted(PACKAGE.rglob("*.py"))
    found = {str(path.relative_to(PACKAGE)): impurities(path.read_text()) for path in modules}
    assert len(found) > 20
    assert {path: what for path, what in found.items() if what} == {}


def test_the_walk_sees_what_it_looks_for() -> None:
    source = (
        "import os.path\ndef f():\n    from boto3.session import Session\n    return datetime.now(tz=UTC)\n"
    )
    assert impurities(source) == ["boto3", "os", "datetime.now(tz=UTC)"]
