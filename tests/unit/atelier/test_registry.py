"""What is plugged in, held against its modules and the catalogue."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from atelier.operations.model import APPROVAL
from atelier.platforms.clusters import needs_cluster
from atelier.platforms.registry import is_job, platform_named
from atelier.recipes.catalogue import catalogue
from atelier.registry import PLATFORMS, TARGETS
from atelier.targets.registry import target_named, target_of_kind
from tests.fixtures.paths import ROOT

# Where the kinds of clusters may be told apart: their own floor, and what makes them from configuration.
OWN = ("atelier/platforms/", "atelier/targets/", "components/", "config/", "stacks/", "tests/", "localcloud/")
KINDS = {"Cluster", "SlurmCluster", "HyperPodEks", "HyperPodSlurm", "TrainingJob", "BedrockOnDemand"}


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_has_the_name_that_it_is_registered_under_and_a_row_in_the_catalogue(name: str) -> None:
    platform = platform_named(name)
    assert platform.name == name
    assert name in {row.name for row in catalogue().release.platforms}
    assert needs_cluster(name) is platform.needs_cluster


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_the_name_that_it_is_registered_under_and_a_row_in_the_catalogue(name: str) -> None:
    target = target_named(name)
    assert target.name == name
    assert name in {row.name for row in catalogue().release.deployment_targets}
    assert target.idle_cost


def test_every_kind_of_operation_belongs_to_one_platform_or_target() -> None:
    kinds = [APPROVAL, *PLATFORMS, *(kind for one in TARGETS.values() for kind in one.kinds)]
    assert len(set(kinds)) == len(kinds)
    assert [kind for kind in kinds if is_job(kind)] == list(PLATFORMS)
    assert {kind: target_of_kind(kind) for kind in kinds if target_of_kind(kind)} == {
        kind: name for name, one in TARGETS.items() for kind in one.kinds
    }


def test_no_other_module_tells_kinds_apart_by_their_type() -> None:
    assert [
        f"{path}:{node.lineno}"
        for path in _product_files()
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "isinstance"
        and KINDS & {one.id for one in ast.walk(node.args[1]) if isinstance(one, ast.Name)}
    ] == []


def _product_files() -> list[Path]:
    folders = ("atelier", "cli", "client", "lambdas", "benchmarks")
    files = (path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return [path for path in files if not str(path).startswith(OWN)]
