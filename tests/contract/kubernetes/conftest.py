"""One cluster for these tests, its administrator and its submitter; fresh names keep tests apart."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from localcloud.common.home import Home
from tests.contract.kubernetes.clients import Api, Server
from tests.contract.kubernetes.users import ADMINISTRATOR, SUBMITTER

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(Home(tmp_path_factory.mktemp("a cluster")))
    started.start()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def api(server: Server) -> Iterator[Api]:
    made = Api(server, ADMINISTRATOR)
    yield made
    made.close()


@pytest.fixture(scope="session")
def submitter(server: Server) -> Iterator[Api]:
    made = Api(server, SUBMITTER)
    yield made
    made.close()


@pytest.fixture(scope="session")
def fresh() -> Callable[[str], str]:
    """A name that nothing has yet."""
    return lambda word: f"{word}-{next(_numbers)}"
