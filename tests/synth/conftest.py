"""Templates of every environment, rendered once a session: rendering starts Node and takes seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from config.environments import ENVIRONMENTS
from config.environments.dev import DEV
from config.environments.local import LOCAL
from tests.fixtures.synthesis import Synthesis, synthesise


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesis]:
    """The synthesis of an environment by name, rendered on first use."""

    @cache
    def render(name: str) -> Synthesis:
        return synthesise(ENVIRONMENTS[name], tmp_path_factory.mktemp(name))

    return render


@pytest.fixture(params=ENVIRONMENTS)
def every(request: pytest.FixtureRequest, rendered: Callable[[str], Synthesis]) -> Synthesis:
    """Each environment in turn."""
    return rendered(request.param)


@pytest.fixture
def dev(rendered: Callable[[str], Synthesis]) -> Synthesis:
    """An environment on AWS, which does not depend on the machine that renders it."""
    return rendered(DEV.name)


@pytest.fixture
def local(rendered: Callable[[str], Synthesis]) -> Synthesis:
    """The embedded cloud's environment."""
    return rendered(LOCAL.name)
