"""The registry of environments: one module each, in an order that no file system decides."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import InvalidConfiguration, environments
from config.environments import ENVIRONMENTS, Environments, environment_named
from tests.fixtures.environments import TOY


def package_with(folder: Path, **modules: str) -> Environments:
    """The registry of config/environments with further modules from `folder`."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    environments.__path__.append(str(folder))
    return Environments(environments.__name__, environments.__path__)


@pytest.fixture(autouse=True)
def _only_the_real_modules() -> Iterator[None]:
    folders = [*environments.__path__]
    yield
    environments.__path__[:] = folders
    prefix = f"{environments.__name__}."
    for module in [name for name in sys.modules if name.startswith(prefix)]:
        if module.removeprefix(prefix) not in ENVIRONMENTS:
            del sys.modules[module]


def test_environments_come_in_alphabetical_order_and_without_private_modules(tmp_path: Path) -> None:
    registry = package_with(tmp_path, zoo=TOY, aaa=TOY, _shared="")
    assert [*registry] == sorted({*ENVIRONMENTS, "aaa", "zoo"})


def test_names_are_known_before_any_environment_is_imported(tmp_path: Path) -> None:
    registry = package_with(tmp_path, broken="raise AssertionError('imported')")
    assert "broken" in registry
    assert registry["dev"].name == "dev"
    with pytest.raises(AssertionError, match="imported"):
        registry["broken"]


@pytest.mark.parametrize(
    ("text", "got"),
    [(TOY.replace("TOY", "OTHER"), "None"), (TOY.replace('"toy"', '"other"'), "'other'")],
)
def test_a_module_holds_the_environment_of_its_own_name(tmp_path: Path, text: str, got: str) -> None:
    registry = package_with(tmp_path, toy=text)
    message = f"^config.environments.toy: TOY must be an Environment with the name 'toy', got {got}$"
    with pytest.raises(InvalidConfiguration, match=message):
        registry["toy"]


def test_environments_do_not_share_accounts_or_addresses() -> None:
    environments = list(ENVIRONMENTS.values())
    assert len({environment.account for environment in environments}) == len(environments)
    assert len({environment.network for environment in environments}) == len(environments)


@pytest.mark.parametrize("name", [None, "production", 7])
def test_an_unknown_environment_is_refused_with_the_known_ones(name: object) -> None:
    with pytest.raises(InvalidConfiguration, match=f"must be one of {', '.join(ENVIRONMENTS)}; got "):
        environment_named(name)
