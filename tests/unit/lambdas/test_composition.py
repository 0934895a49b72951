"""The functions' composition root."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from atelier.operations.model import APPROVAL
from atelier.registry import PLATFORMS, TARGETS
from lambdas import composition, handlers
from tests.fixtures.runs import SETTINGS


@pytest.fixture(autouse=True)
def _deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of a deployed function, with nothing made yet."""
    for name, value in SETTINGS.to_environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    yield
    for factory in vars(composition).values():
        if hasattr(factory, "cache_clear"):
            factory.cache_clear()


@pytest.mark.parametrize(
    "kind", [APPROVAL, *PLATFORMS, *(kind for one in TARGETS.values() for kind in one.kinds)]
)
def test_every_kind_of_operation_has_its_service(kind: str) -> None:
    service = composition.service_of(kind)
    assert all(callable(getattr(service, method)) for method in ("submit", "describe", "stop"))
    assert composition.service_of(kind) is service


def test_only_jobs_have_a_platform() -> None:
    with pytest.raises(ValueError, match="kind = 'approval'"):
        composition.jobs_of(APPROVAL)


def test_settings_survive_the_environment() -> None:
    assert composition.settings() == SETTINGS


def test_clients_are_made_once_and_give_up_inside_a_functions_time() -> None:
    client = composition.client("dynamodb")
    assert composition.client("dynamodb") is client
    assert client.meta.config.read_timeout <= 60
    assert client.meta.config.retries["mode"] == "standard"


def test_every_handler_module_has_a_handler_and_makes_no_client_when_imported() -> None:
    modules = [f"{handlers.__name__}.{module.name}" for module in pkgutil.iter_modules(handlers.__path__)]
    assert modules
    for name in modules:
        assert callable(importlib.import_module(name).handler)
    assert composition.client.cache_info().currsize == 0
