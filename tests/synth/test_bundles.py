"""Bundles of functions: the same bytes for the same lock, and only files that functions read."""

from __future__ import annotations

import ast
import re
import zipfile
from pathlib import Path

import pytest

from components import bundles
from config.environments.local import LOCAL
from config.environments.prod import PROD

ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def layer() -> zipfile.ZipFile:
    return zipfile.ZipFile(bundles.layer_bundle(LOCAL.functions))


@pytest.fixture(scope="module")
def code() -> zipfile.ZipFile:
    return zipfile.ZipFile(bundles.code_bundle())


def test_the_layer_is_made_again_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bundles.layer_bundle(LOCAL.functions)
    monkeypatch.setattr(bundles, "BUNDLES", tmp_path)
    second = bundles.layer_bundle(LOCAL.functions)
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


def test_another_layer_group_is_another_layer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bundles.layer_bundle(LOCAL.functions)
    declaration = tmp_path / "pyproject.toml"
    declaration.write_text('[dependency-groups]\nlayer = ["six"]\n')
    monkeypatch.setattr(bundles, "DECLARATION", declaration)
    monkeypatch.setattr(bundles, "BUNDLES", tmp_path)
    after = bundles.layer_bundle(LOCAL.functions)
    assert after.name != before.name
    modules = {name for name in zipfile.ZipFile(after).namelist() if name.endswith(".py")}
    assert modules == {"python/six.py"}


def test_a_package_of_the_layer_that_is_not_locked_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = tmp_path / "pyproject.toml"
    declaration.write_text('[dependency-groups]\nlayer = ["six", "left-pad"]\n')
    monkeypatch.setattr(bundles, "DECLARATION", declaration)
    with pytest.raises(ValueError, match=r"requirements\.lock has no entry for left-pad .*`make lock`"):
        bundles.layer_requirements()


def test_the_layer_holds_exactly_what_the_layer_group_names(layer: zipfile.ZipFile) -> None:
    def canonical(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    installed = {
        canonical(folder.removesuffix(".dist-info").rpartition("-")[0])
        for name in layer.namelist()
        if (folder := name.split("/")[1]).endswith(".dist-info")
    }
    assert installed == set(bundles.layer_packages())


def test_the_layer_holds_the_service_models_that_adapters_use_and_no_others(layer: zipfile.ZipFile) -> None:
    packed = {
        parts[3]
        for name in layer.namelist()
        if (parts := name.split("/"))[1:3] == ["botocore", "data"] and len(parts) > 4
    }
    used = {
        call.args[0].value
        for path in (ROOT / "lambdas").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute | ast.Name)
        and (call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id) == "client"
        and isinstance(call.args[0], ast.Constant)
    }
    assert packed == used == set(bundles.SERVICE_MODELS)


def test_bundles_hold_no_tests_and_no_installation_records(
    layer: zipfile.ZipFile, code: zipfile.ZipFile
) -> None:
    for name in [*layer.namelist(), *code.namelist()]:
        assert not re.search(r"/tests/|dist-info/(RECORD|INSTALLER|REQUESTED)$", name), name


def test_bytecode_is_only_in_the_layer_of_this_interpreter_and_never_checked_again(
    layer: zipfile.ZipFile, code: zipfile.ZipFile
) -> None:
    compiled = [name for name in layer.namelist() if name.endswith(".pyc")]
    assert compiled
    # Bytes 4 to 8 of a .pyc: 1 is "by hash, unchecked" (PEP 552).
    assert {int.from_bytes(layer.read(name)[4:8], "little") for name in compiled} == {1}
    on_aws = zipfile.ZipFile(bundles.layer_bundle(PROD.functions))
    for name in [*code.namelist(), *on_aws.namelist()]:
        assert not name.endswith(".pyc")


def test_entries_carry_no_time_and_no_owner(layer: zipfile.ZipFile, code: zipfile.ZipFile) -> None:
    for entry in [*layer.infolist(), *code.infolist()]:
        assert (entry.date_time, entry.external_attr) == ((1980, 1, 1, 0, 0, 0), 0o644 << 16)


def test_the_code_bundle_holds_the_domain_the_functions_and_the_recipes(code: zipfile.ZipFile) -> None:
    assert {name.partition("/")[0] for name in code.namelist()} == {"atelier", "lambdas", "catalogue"}


def test_functions_are_small(layer: zipfile.ZipFile, code: zipfile.ZipFile) -> None:
    size = sum(Path(str(bundle.filename)).stat().st_size for bundle in (layer, code))
    assert size <= 15 * MEBIBYTE
